import type { UntrustedStore, UntrustedStores } from '@caisson/contracts';

const INCOMING = '.incoming';
const REPLACED = '.replaced';

/** The store directories of one group: the one in use, and those beside it while another takes its place. */
export class SideStores {
  readonly #stores: UntrustedStores;
  readonly inUse: string;

  constructor(stores: UntrustedStores, inUse: string) {
    this.#stores = stores;
    this.inUse = inUse;
  }

  get incoming(): string {
    return this.inUse + INCOMING;
  }

  get replaced(): string {
    return this.inUse + REPLACED;
  }

  /** A new store, empty whatever was there. */
  async openIncoming(): Promise<UntrustedStore> {
    await this.#stores.remove(this.incoming);
    return this.#stores.open(this.incoming, undefined, { fills: true });
  }

  /**
   * The incoming store takes the place of the one in use. Both are closed. A crash between two steps leaves
   * what a repetition goes on from; without an incoming store everything was done.
   */
  async place(): Promise<void> {
    if (!(await this.#stores.exists(this.incoming))) return;
    if (await this.#stores.exists(this.inUse)) {
      await this.#stores.remove(this.replaced);
      await this.#stores.move(this.inUse, this.replaced);
    }
    await this.#stores.move(this.incoming, this.inUse);
  }

  /** Whatever is not in use. The replaced one only where there is another: it may be all there is. */
  async clear(): Promise<void> {
    await this.#stores.remove(this.incoming);
    if (await this.#stores.exists(this.inUse)) await this.#stores.remove(this.replaced);
  }
}
