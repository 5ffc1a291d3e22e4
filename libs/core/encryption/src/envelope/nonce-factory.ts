import { CaissonError } from '@caisson/contracts';
import { encodeNonce } from '@caisson/formats';

const COUNT_MAX = 0xffff_ffff_ffff_ffffn;

export interface NonceOrigin {
  readonly nodeId16: number;
  readonly epoch: number;
  /** Nonces already given out; 0 in production. */
  readonly count?: bigint;
}

/**
 * Nonces of one process under one DEK, never the same twice.
 *
 * Uniqueness across processes rests on the epoch, which is durable before the first nonce is drawn. The count is
 * taken before it is used, so that a failure in between loses a number and never repeats one. When it is used
 * up, every further call fails.
 */
export class NonceFactory {
  readonly epoch: number;
  readonly #nodeId16: number;
  #count: bigint;

  constructor({ nodeId16, epoch, count = 0n }: NonceOrigin) {
    this.#nodeId16 = nodeId16;
    this.epoch = epoch;
    this.#count = count;
  }

  /** Nonces given out so far. */
  get count(): bigint {
    return this.#count;
  }

  next(): Uint8Array {
    if (this.#count >= COUNT_MAX) throw new CaissonError('WRITE_COUNT_EXHAUSTED', { epoch: this.epoch });
    this.#count += 1n;
    return encodeNonce({ nodeId16: this.#nodeId16, epoch: this.epoch, count: this.#count });
  }
}
