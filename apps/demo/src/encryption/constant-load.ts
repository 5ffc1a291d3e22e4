import type { CaissonClient } from '@caisson/client';
import { isCaissonError } from '@caisson/contracts';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ConstantLoadOptions {
  readonly client: CaissonClient;
  readonly lines: readonly string[];
  readonly keyOf: (at: number) => string;
  /** Writes in flight at once. */
  readonly lanes: number;
  /** Between two writes of a lane. */
  readonly restMs: number;
}

/** What the writes between two moments came to. */
export interface LoadLap {
  readonly seconds: number;
  readonly writes: number;
  readonly failed: number;
  readonly p99Ms: number;
}

/**
 * Writes line after line, each under its own key, over and over: the next one when one before is
 * acknowledged. An operation that fails counts and is not tried again.
 */
export class ConstantLoad {
  readonly #options: ConstantLoadOptions;
  readonly #lanes: readonly Promise<void>[];
  readonly #failures = new Map<string, number>();
  #isStopped = false;
  #next = 0;
  #writes = 0;
  #lap: { sinceMs: number; latenciesMs: number[]; failed: number } = begun();

  constructor(options: ConstantLoadOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: options.lanes }, () => this.#lane());
  }

  /** Everything so far, failed operations by code. */
  get total(): { readonly writes: number; readonly failures: ReadonlyMap<string, number> } {
    return { writes: this.#writes, failures: this.#failures };
  }

  /** Begins a lap, and answers what the one before came to. */
  lap(): LoadLap {
    const { sinceMs, latenciesMs, failed } = this.#lap;
    this.#lap = begun();
    const seconds = (this.#lap.sinceMs - sinceMs) / 1000;
    const sorted = latenciesMs.sort((a, b) => a - b);
    const p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    return { seconds, writes: sorted.length, failed, p99Ms };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
  }

  async #lane(): Promise<void> {
    const { client, keyOf, lines, restMs } = this.#options;
    while (!this.#isStopped) {
      if (restMs > 0) await sleep(restMs);
      const at = this.#next++ % lines.length;
      const startedMs = performance.now();
      try {
        await client.put(keyOf(at), lines[at]!);
        this.#writes++;
        this.#lap.latenciesMs.push(performance.now() - startedMs);
      } catch (error) {
        if (!isCaissonError(error)) throw error;
        this.#lap.failed++;
        this.#failures.set(error.code, (this.#failures.get(error.code) ?? 0) + 1);
      }
    }
  }
}

function begun() {
  return { sinceMs: performance.now(), latenciesMs: [], failed: 0 };
}
