import { CaissonError, type Timestamp } from '@caisson/contracts';
import type { HybridClock } from '@caisson/mvcc';
import type { CommandQueue } from '../writes/command-queue.js';

/**
 * Moves the last commit forward where a read needs it.
 *
 * A timestamp above the last commit is no moment yet: a write still on its way may commit below it.
 * Committing an empty write above it makes it one, durably: no restart and no other leader ever commits
 * below.
 */
export class Tip {
  readonly #queue: CommandQueue;
  readonly #hlc: HybridClock;
  /**
   * Shared by everybody who needs the tip moved; the commands of other writers travel in the same payload.
   */
  #moving: Promise<Timestamp> | undefined;

  constructor(queue: CommandQueue, hlc: HybridClock) {
    this.#queue = queue;
    this.#hlc = hlc;
  }

  /**
   * The last commit timestamp, at or above `ts`, once it is applied here. `INVALID_ARGUMENT` for a timestamp
   * in the future: waiting for it would push the clock ahead.
   */
  async reach(ts: Timestamp): Promise<Timestamp> {
    const now = this.#hlc.now();
    if (ts > now) throw new CaissonError('INVALID_ARGUMENT', { field: 'ts', limit: now, ts });
    for (;;) {
      this.#moving ??= this.#move();
      const reached = await this.#moving;
      if (reached >= ts) return reached;
    }
  }

  async #move(): Promise<Timestamp> {
    try {
      const result = await this.#queue.submit({ kind: 'write', request: { mutations: [] } }, 0);
      // A write that asks for nothing has nothing to conflict with.
      return result.kind === 'committed' ? result.commitTs : 0n;
    } finally {
      this.#moving = undefined;
    }
  }
}
