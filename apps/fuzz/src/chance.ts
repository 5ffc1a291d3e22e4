import { fnv1a64, toUtf8 } from '@caisson/base';

/** A stream of numbers that a seed decides, so that every input can be made again. Not for secrets. */
export class Chance {
  #state: number;

  constructor(seed: string) {
    this.#state = Number(fnv1a64(toUtf8(seed)) & 0xffff_ffffn) | 1;
  }

  /** Uniform enough in [0, below). */
  below(below: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % below;
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
