import { copyBytes, invariant } from '@caisson/base';
import type { WritableBatch } from '@caisson/contracts';

export type Change = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** Collects changes; the store it came from makes them visible. */
export class MemoryBatch implements WritableBatch {
  readonly #changes: Change[] = [];
  readonly #commit: (changes: readonly Change[], sync: boolean) => Promise<void>;
  #isSpent = false;

  constructor(commit: (changes: readonly Change[], sync: boolean) => Promise<void>) {
    this.#commit = commit;
  }

  get size(): number {
    return this.#changes.length;
  }

  put(key: Uint8Array, value: Uint8Array): this {
    this.#assertFresh();
    this.#changes.push([copyBytes(key), copyBytes(value)]);
    return this;
  }

  delete(key: Uint8Array): this {
    this.#assertFresh();
    this.#changes.push([copyBytes(key), undefined]);
    return this;
  }

  async write(options: { readonly sync: boolean }): Promise<void> {
    this.#assertFresh();
    this.#isSpent = true;
    await this.#commit(this.#changes, options.sync);
  }

  #assertFresh(): void {
    invariant('STORE-2', !this.#isSpent, 'a batch is used after its write');
  }
}
