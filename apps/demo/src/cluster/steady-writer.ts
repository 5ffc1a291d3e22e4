import type { CaissonClient } from '@caisson/client';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SteadyWriterOptions {
  readonly client: CaissonClient;
  readonly lines: readonly string[];
  readonly keyOf: (at: number) => string;
  /** Lines a second at most, until the writer is told to hurry. */
  readonly linesPerSecond: number;
}

/** What happened to the writes between two moments. */
export interface Stretch {
  readonly seconds: number;
  readonly acknowledged: number;
  /** The longest time without an acknowledgement. */
  readonly longestPauseMs: number;
}

const BATCH_LINES = 50;
const BATCHES_IN_FLIGHT = 4;

/**
 * Imports a corpus without pause for as long as there is something to watch: when it is through too early, it
 * begins again and writes the same once more.
 */
export class SteadyWriter {
  readonly #options: SteadyWriterOptions;
  readonly done: Promise<void>;
  /** Counts on through every round. */
  #next = 0;
  #acknowledged = 0;
  #hurries = false;
  #mark = { atMs: performance.now(), acknowledged: 0, lastMs: performance.now(), longestMs: 0 };

  constructor(options: SteadyWriterOptions) {
    this.#options = options;
    this.done = Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, () => this.#lane())).then(
      () => undefined,
    );
    // Whoever awaits it hears of a failure; until then it is not unhandled.
    this.done.catch(() => undefined);
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Begins a stretch and answers what the one before it came to. */
  lap(): Stretch {
    const nowMs = performance.now();
    const { atMs, acknowledged, lastMs, longestMs } = this.#mark;
    this.#mark = { atMs: nowMs, acknowledged: this.#acknowledged, lastMs: nowMs, longestMs: 0 };
    return {
      seconds: (nowMs - atMs) / 1000,
      acknowledged: this.#acknowledged - acknowledged,
      longestPauseMs: Math.round(Math.max(longestMs, nowMs - lastMs)),
    };
  }

  hurry(): void {
    this.#hurries = true;
  }

  async #lane(): Promise<void> {
    const { client, keyOf, lines, linesPerSecond } = this.#options;
    const pauseMs = (1000 * BATCH_LINES * BATCHES_IN_FLIGHT) / linesPerSecond;
    while (this.#next < lines.length || !this.#hurries) {
      const first = this.#next % lines.length;
      const batch = lines.slice(first, first + BATCH_LINES);
      this.#next += batch.length;
      const startedMs = performance.now();
      await client.write({
        mutations: batch.map((line, at) => ({
          op: 'put' as const,
          key: Buffer.from(keyOf(first + at)),
          value: Buffer.from(line),
        })),
      });
      this.#onAcknowledged(batch.length);
      const restMs = pauseMs - (performance.now() - startedMs);
      if (!this.#hurries && restMs > 0) await sleep(restMs);
    }
  }

  #onAcknowledged(lines: number): void {
    const nowMs = performance.now();
    this.#acknowledged += lines;
    this.#mark.longestMs = Math.max(this.#mark.longestMs, nowMs - this.#mark.lastMs);
    this.#mark.lastMs = nowMs;
  }
}
