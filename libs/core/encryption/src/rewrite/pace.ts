import type { Clock } from '@caisson/contracts';

/** How long foreground work is left alone for each moment that rewriting had to wait for its turn. */
const COURTESY = 3;
const COURTESY_MS_MAX = 1_000;
const PORTION_BYTES_MAX = 256 * 1024;
const PORTIONS_PER_SECOND = 4;

/** Keeps background work to a rate, and to less than that while others keep the store busy. */
export class Pace {
  readonly #clock: Clock;
  /** Bytes per second; 0 for no limit. */
  rate: number;
  /** When the bytes so far are due at this rate. */
  #dueMs: number;

  constructor(clock: Clock, rate: number) {
    this.#clock = clock;
    this.rate = rate;
    this.#dueMs = clock.monotonicMs();
  }

  /** How many bytes go well into one batch. */
  get portionBytes(): number {
    if (this.rate === 0) return PORTION_BYTES_MAX;
    return Math.min(PORTION_BYTES_MAX, Math.ceil(this.rate / PORTIONS_PER_SECOND));
  }

  /** After `bytes` that had to wait `waitedMs` for their turn. Rejects with the signal's reason. */
  async rest(bytes: number, waitedMs: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonicMs();
    const costMs = this.rate === 0 ? 0 : (bytes * 1000) / this.rate;
    this.#dueMs = Math.max(this.#dueMs, now - 1000) + costMs;
    const courtesyMs = Math.min(COURTESY_MS_MAX, waitedMs * COURTESY);
    const pauseMs = Math.max(this.#dueMs - now, courtesyMs);
    if (pauseMs >= 1) await this.#clock.sleep(pauseMs, signal);
    else await this.#clock.turn();
  }
}
