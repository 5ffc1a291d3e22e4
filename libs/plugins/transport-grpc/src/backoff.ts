import type { Random } from '@caisson/contracts';

/** Pauses between attempts: each twice the one before up to the longest, drawn from its upper half. */
export class Backoff {
  #attempts = 0;

  constructor(
    private readonly random: Random,
    private readonly range: { readonly backoffMsMin: number; readonly backoffMsMax: number },
  ) {}

  nextMs(): number {
    const { backoffMsMin, backoffMsMax } = this.range;
    const whole = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(this.#attempts++, 30));
    const half = Math.ceil(whole / 2);
    return half + this.random.integer(whole - half + 1);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
