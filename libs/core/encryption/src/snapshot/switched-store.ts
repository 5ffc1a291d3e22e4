import type {
  DeleteRangeProgress,
  KeyRange,
  ReadView,
  UntrustedStore,
  WritableBatch,
} from '@caisson/contracts';

/**
 * The store of a group, whichever it is at the moment. Everything above holds this one, so that an installed
 * snapshot reaches all of it at once.
 */
export class SwitchedStore implements UntrustedStore {
  #current: UntrustedStore;

  constructor(first: UntrustedStore) {
    this.#current = first;
  }

  /**
   * Closes the store in use, waiting for what runs, and goes on with the one that `next` opens. In between,
   * and from then on for whoever kept a view or a batch of the old one, operations fail with `STORE_CLOSED`.
   */
  async replace(next: () => Promise<UntrustedStore>): Promise<void> {
    await this.#current.close();
    this.#current = await next();
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#current.get(key);
  }

  view(direction?: 'forward' | 'reverse', options?: { readonly sweeps: boolean }): ReadView {
    return this.#current.view(direction, options);
  }

  batch(): WritableBatch {
    return this.#current.batch();
  }

  deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    return this.#current.deleteRange(range, limit);
  }

  compact(range?: { readonly from: Uint8Array; readonly to: Uint8Array }): Promise<void> {
    return this.#current.compact(range);
  }

  async scrub(signal?: AbortSignal): Promise<void> {
    await this.#current.scrub?.(signal);
  }

  close(): Promise<void> {
    return this.#current.close();
  }
}
