import { invariant } from '@caisson/base';
import type { Random } from '@caisson/contracts';

/** The same bytes for the same seed (splitmix32). For tests: anyone can guess what comes next. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() >>> 24);
  }

  integer(below: number): number {
    invariant(
      'RANDOM-1',
      Number.isInteger(below) && below >= 1 && below <= 2 ** 32,
      'a bound outside 1..2^32',
    );
    return Math.floor((this.#next() / 2 ** 32) * below);
  }

  #next(): number {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0_aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
