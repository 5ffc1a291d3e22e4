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

const BATCHES_IN_FLIGHT = 4;
/** Between the starts of two batches, while the cluster keeps up. */
const STRIDE_MS = 40;
const HURRIED_LINES = 50;

/**
 * Imports a corpus without pause for as long as there is something to watch: when it is through too early, it
 * begins again and writes the same once more.
 */
export class SteadyWriter {
  readonly #options: SteadyWriterOptions;
  readonly done: Promise<void>;
  readonly strideMs = STRIDE_MS;
  readonly #batchLines: number;
  /** When the next batch may start. */
  #dueMs = 0;
  /** Counts on through every round. */
  #next = 0;
  #acknowledged = 0;
  #hurries = false;
  #mark = { atMs: performance.now(), acknowledged: 0, lastMs: performance.now(), longestMs: 0 };

  constructor(options: SteadyWriterOptions) {
    this.#options = options;
    this.#batchLines = Math.max(1, Math.round((options.linesPerSecond * STRIDE_MS) / 1000));
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
    const { client, keyOf, lines } = this.#options;
    while (this.#next < lines.length || !this.#hurries) {
      await this.#turn();
      const first = this.#next % lines.length;
      const batch = lines.slice(first, first + (this.#hurries ? HURRIED_LINES : this.#batchLines));
      this.#next += batch.length;
      await client.write({
        mutations: batch.map((line, at) => ({
          op: 'put' as const,
          key: Buffer.from(keyOf(first + at)),
          value: Buffer.from(line),
        })),
      });
      this.#onAcknowledged(batch.length);
    }
  }

  /** Lanes start one stride apart. What a slow cluster missed is not made up for in a burst. */
  async #turn(): Promise<void> {
    if (this.#hurries) return;
    const nowMs = performance.now();
    const turnMs = Math.max(this.#dueMs, nowMs);
    this.#dueMs = turnMs + STRIDE_MS;
    if (turnMs > nowMs) await sleep(turnMs - nowMs);
  }

  #onAcknowledged(lines: number): void {
    const nowMs = performance.now();
    this.#acknowledged += lines;
    this.#mark.longestMs = Math.max(this.#mark.longestMs, nowMs - this.#mark.lastMs);
    this.#mark.lastMs = nowMs;
  }
}
