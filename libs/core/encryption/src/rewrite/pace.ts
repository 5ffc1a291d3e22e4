import type { Clock } from '@caisson/contracts';

/** How long foreground work is left alone for each moment that rewriting had to wait for its turn. */
const COURTESY = 3;
/** And for each moment of work, where others are served: at most a third of the time is rewriting's. */
const REST_PER_WORK = 2;
const COURTESY_MS_MAX = 1_000;
/** Writers wait no longer than this for a portion: longer ones are halved, shorter ones grow. */
const HELD_MS_MAX = 8;
const PORTION_BYTES_MIN = 4 * 1024;
const PORTION_BYTES_FIRST = 64 * 1024;
const PORTION_BYTES_MAX = 256 * 1024;
const GROWTH = 1.25;
const PORTIONS_PER_SECOND = 4;
/** Of the time that is left, since values differ in size and others need the disk. */
const PLANNED_SHARE = 0.9;
const RATE_MIN = 16 * 1024;

/** How one portion went. */
export interface Portioned {
  readonly bytes: number;
  /** How long it had to wait for its turn. */
  readonly waitedMs: number;
  /** How long it kept others from theirs. */
  readonly heldMs: number;
  /** How long it took altogether, but for the waiting. */
  readonly workedMs: number;
  /** Whether others wrote in this time. */
  readonly isBusy: boolean;
}

/** How much is done, and how much there is. */
export interface Extent {
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
}

/**
 * Keeps background work to a rate, and to less than that while others keep the store busy: it rests longer
 * the longer it worked and was kept waiting, and takes smaller portions where one keeps writers waiting.
 */
export class Pace {
  readonly #clock: Clock;
  /** Bytes per second; 0 for no limit. */
  rate: number;
  /** By the wall clock; the rate then follows from what is left. */
  finishBy: number | undefined;
  /** When the bytes so far are due at this rate. */
  #dueMs: number;
  #portion = PORTION_BYTES_FIRST;

  constructor(clock: Clock, rate: number) {
    this.#clock = clock;
    this.rate = rate;
    this.#dueMs = clock.monotonicMs();
  }

  /** How many bytes go well into one batch. */
  get portionBytes(): number {
    if (this.rate === 0) return this.#portion;
    return Math.min(this.#portion, Math.ceil(this.rate / PORTIONS_PER_SECOND));
  }

  /**
   * Sets the rate at which the rest is done in time, where there is a time; `parts` like this one share what
   * is left of it. Too late is as fast as courtesy allows. Before the first portion nothing is known.
   */
  aim({ done, total, bytes }: Extent, parts: number): void {
    if (this.finishBy === undefined || done === 0) return;
    const leftMs = ((this.finishBy - this.#clock.nowMs()) * PLANNED_SHARE) / parts;
    const leftBytes = (total - done) * (bytes / done);
    this.rate = leftMs <= 0 ? 0 : Math.max(RATE_MIN, Math.ceil((leftBytes * 1000) / leftMs));
  }

  /** After a portion. Rejects with the signal's reason. */
  async rest({ bytes, waitedMs, heldMs, workedMs, isBusy }: Portioned, signal: AbortSignal): Promise<void> {
    this.#portion =
      heldMs > HELD_MS_MAX
        ? Math.max(PORTION_BYTES_MIN, Math.ceil(this.#portion / 2))
        : Math.min(PORTION_BYTES_MAX, Math.ceil(this.#portion * GROWTH));
    const now = this.#clock.monotonicMs();
    const costMs = this.rate === 0 ? 0 : (bytes * 1000) / this.rate;
    this.#dueMs = Math.max(this.#dueMs, now - 1000) + costMs;
    const owedMs = waitedMs * COURTESY + (isBusy ? workedMs * REST_PER_WORK : 0);
    const courtesyMs = Math.min(COURTESY_MS_MAX, owedMs);
    const pauseMs = Math.max(this.#dueMs - now, courtesyMs);
    if (pauseMs >= 1) await this.#clock.sleep(pauseMs, signal);
    else await this.#clock.turn();
  }
}
