import { invariant } from '@caisson/base';
import type { WritableBatch } from '@caisson/contracts';
import type { NativeBatch } from '@caisson/disk';
import { isHidden, toDatabaseKey } from './hidden-rows.js';
import { BatchDigest } from './markers.js';
import { asBuffer } from './plain-bytes.js';

/** Writes a finished batch; the store's side of it. */
export type WriteBatch = (batch: NativeBatch, digest: BatchDigest, sync: boolean) => Promise<void>;

/** A native batch, and the digest of what went into it. The binding copies what it is given at once. */
export class RocksdbBatch implements WritableBatch {
  readonly #batch: NativeBatch;
  readonly #digest = new BatchDigest();
  readonly #write: WriteBatch;
  #spent = false;

  constructor(batch: NativeBatch, write: WriteBatch) {
    this.#batch = batch;
    this.#write = write;
  }

  get size(): number {
    return this.#digest.operations;
  }

  put(key: Uint8Array, value: Uint8Array): this {
    const own = this.#checked(key);
    this.#batch.put(own, asBuffer(value));
    this.#digest.add(own, value);
    return this;
  }

  delete(key: Uint8Array): this {
    const own = this.#checked(key);
    this.#batch.del(own);
    this.#digest.add(own, undefined);
    return this;
  }

  write({ sync }: { readonly sync: boolean }): Promise<void> {
    invariant('STORE-2', !this.#spent, 'a batch is spent after its write');
    this.#spent = true;
    return this.#write(this.#batch, this.#digest, sync);
  }

  #checked(key: Uint8Array): Buffer {
    invariant('STORE-2', !this.#spent, 'a batch is spent after its write');
    const own = toDatabaseKey(key);
    invariant('STORE-3', !isHidden(own), 'rows of the store itself are not written from outside');
    return own;
  }
}
