import { CaissonError, type ReplicatedGroup, type Timestamp } from '@caisson/contracts';
import type { HybridClock } from '@caisson/mvcc';
import type { CommandQueue } from '../writes/command-queue.js';

export interface TipParts {
  readonly group: Pick<ReplicatedGroup, 'status'>;
  readonly queue: CommandQueue;
  readonly hlc: HybridClock;
}

/**
 * Moves the last commit forward where a read needs it.
 *
 * A timestamp above the last commit is no moment yet: a write still on its way may commit below it.
 * Committing an empty write above it makes it one, durably: no restart and no other leader ever commits
 * below.
 */
export class Tip {
  readonly #group: Pick<ReplicatedGroup, 'status'>;
  readonly #queue: CommandQueue;
  readonly #hlc: HybridClock;
  /**
   * Shared by everybody who needs the tip moved; the commands of other writers travel in the same payload.
   */
  #moving: Promise<Timestamp> | undefined;

  constructor(parts: TipParts) {
    this.#group = parts.group;
    this.#queue = parts.queue;
    this.#hlc = parts.hlc;
  }

  /**
   * The last commit timestamp, at or above `ts`, once it is applied here. `INVALID_ARGUMENT` for a timestamp
   * in the future: waiting for it would push the clock ahead. `NOT_LEADER` elsewhere than on the leader,
   * whose clock is the one that tells the future.
   */
  async reach(ts: Timestamp): Promise<Timestamp> {
    for (;;) {
      const now = this.#hlc.now();
      if (ts > now && this.#group.status().leads) {
        throw new CaissonError('INVALID_ARGUMENT', { field: 'ts', limit: now, ts });
      }
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
