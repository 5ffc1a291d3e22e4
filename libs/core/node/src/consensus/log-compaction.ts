import { createDeferred, type Deferred } from '@caisson/base';
import type { CaissonError, RaftLog, Store } from '@caisson/contracts';
import { putAppliedIndex } from '../applying/applied-rows.js';
import type { AppliedPosition } from '../reading/applied-position.js';
import type { WriterQueue } from '../writing/writer-queue.js';
import type { LogChore } from './append-thread.js';
import type { CompactionLimits } from './consensus-options.js';
import type { LogCache } from './log-cache.js';

export interface LogCompactionParts {
  readonly log: RaftLog;
  readonly cache: LogCache;
  readonly store: Store;
  readonly writer: WriterQueue;
  readonly position: AppliedPosition;
  readonly limits: CompactionLimits;
  /** The applied index the core has heard of. */
  heard(): number;
}

/**
 * Shortens the log behind what is applied, but for a tail from which members that fell behind a little are
 * fed.
 *
 * Store batches are not synced, so what is applied may live in the log alone as far as a loss of power is
 * concerned: one synced batch comes first, and only what it covers leaves the log.
 */
export class LogCompaction implements LogChore {
  readonly #parts: LogCompactionParts;
  readonly #held = new Map<unknown, number>();
  #wanted: Deferred<void> | undefined;
  #through = 0;
  /** The applied position at which there was nothing to drop; asked again above it only. */
  #idleAt = -1;

  constructor(parts: LogCompactionParts) {
    this.#parts = parts;
  }

  get due(): boolean {
    const { cache, limits, position, store } = this.#parts;
    // A store that forgets is brought back by the log alone, from its first entry on.
    if (!store.durable || position.value === this.#idleAt) return false;
    if (this.#wanted !== undefined) return true;
    const spare = position.value + 1 - cache.firstIndex();
    return spare >= limits.entries + limits.keepEntries || cache.bytes >= limits.bytes + limits.keepBytes;
  }

  /**
   * Compacts at the next occasion, however little there is, and through `index` even where that takes of the
   * tail. Resolves when it is done.
   */
  want(index = 0): Promise<void> {
    this.#idleAt = -1;
    this.#through = Math.max(this.#through, index);
    this.#wanted ??= createDeferred<void>();
    return this.#wanted.promise;
  }

  /** It will not be done any more. */
  fail(error: CaissonError): void {
    this.#wanted?.reject(error);
    this.#wanted = undefined;
  }

  /** Keeps what follows `index` for as long as it is held and the log has room. */
  hold(by: unknown, index: number): void {
    this.#held.set(by, index);
  }

  release(by: unknown): void {
    this.#held.delete(by);
    this.#idleAt = -1;
  }

  async run(record: () => Promise<void>): Promise<void> {
    const { log, position } = this.#parts;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    const target = this.#target();
    if (target > log.start.index) await this.#compact(target, record);
    else this.#idleAt = position.value;
    wanted?.resolve();
  }

  async #compact(target: number, record: () => Promise<void>): Promise<void> {
    const { cache, log, position, store, writer } = this.#parts;
    await writer.run(async () => {
      const batch = store.batch();
      putAppliedIndex(batch, position.value);
      await batch.write({ sync: true });
    });
    // A log that starts above its own commit index could not be opened again.
    await record();
    await log.compact(target);
    cache.compact(target);
  }

  #target(): number {
    const { cache, heard, limits, position } = this.#parts;
    const applied = Math.min(position.value, heard());
    const tail = { entries: limits.keepEntries, bytes: limits.keepBytes };
    const target = Math.max(cache.tailStart(applied, tail) - 1, Math.min(this.#through, applied));
    const isFull = cache.bytes >= limits.holdBytes;
    return isFull ? target : Math.min(target, ...this.#held.values());
  }
}
