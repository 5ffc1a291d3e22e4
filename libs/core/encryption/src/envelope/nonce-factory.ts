import { CaissonError } from '@caisson/contracts';
import { encodeNonce, NONCE_BYTES } from '@caisson/formats';

const U32_RANGE = 0x1_0000_0000;
const COUNT_OFFSET = NONCE_BYTES - 8;

export interface NonceOrigin {
  readonly nodeId16: number;
  readonly epoch: number;
  /** Nonces already given out; 0 in production. */
  readonly count?: bigint;
}

/**
 * Nonces of one process under one DEK, never the same twice.
 *
 * Uniqueness across processes rests on the epoch, which is durable before the first nonce is drawn. The
 * count is taken before it is used, so that a failure in between loses a number and never repeats one. When
 * it is used up, every further call fails.
 */
export class NonceFactory {
  readonly epoch: number;
  /** The parts that never change, before a count of zero. */
  readonly #template: Uint8Array;
  // Two halves in place of one bigint: nonces are drawn for every value.
  #high: number;
  #low: number;

  constructor({ nodeId16, epoch, count = 0n }: NonceOrigin) {
    this.epoch = epoch;
    this.#template = encodeNonce({ nodeId16, epoch, count: 0n });
    this.#high = Number(count >> 32n);
    this.#low = Number(count & 0xffff_ffffn);
  }

  /** Nonces given out so far. */
  get count(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  next(): Uint8Array {
    this.#advance();
    const nonce = this.#template.slice();
    writeU32(nonce, COUNT_OFFSET, this.#high);
    writeU32(nonce, COUNT_OFFSET + 4, this.#low);
    return nonce;
  }

  #advance(): void {
    if (this.#low < U32_RANGE - 1) {
      this.#low++;
      return;
    }
    if (this.#high === U32_RANGE - 1) throw new CaissonError('WRITE_COUNT_EXHAUSTED', { epoch: this.epoch });
    this.#high++;
    this.#low = 0;
  }
}

function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
