import { createDeferred, type Deferred } from '@caisson/base';
import type { RaftLog, Store } from '@caisson/contracts';
import { type AppliedPosition, putAppliedIndex, type WriterQueue } from '@caisson/node';
import type { EngineSingleConfig } from './config.js';

export interface LogCompactionParts {
  readonly log: RaftLog;
  readonly store: Store;
  readonly writer: WriterQueue;
  readonly position: AppliedPosition;
  readonly limits: EngineSingleConfig['compaction'];
}

/**
 * Shortens the log behind what is applied.
 *
 * Store batches are not synced, so what is applied may live in the log alone as far as a power loss is
 * concerned: one synced batch comes first, and only what it covers leaves the log.
 */
export class LogCompaction {
  readonly #parts: LogCompactionParts;
  #bytes = 0;
  #wanted: Deferred<void> | undefined;
  #through = 0;

  constructor(parts: LogCompactionParts) {
    this.#parts = parts;
  }

  /** Compacts through `index`, if it is applied, at the next occasion. Resolves when it is done. */
  want(index: number): Promise<void> {
    this.#through = Math.max(this.#through, index);
    this.#wanted ??= createDeferred<void>();
    return this.#wanted.promise;
  }

  appended(bytes: number): void {
    this.#bytes += bytes;
  }

  get due(): boolean {
    const { limits, log, store } = this.#parts;
    // A store that forgets is brought back by the log alone, from its first entry on.
    if (!store.durable) return false;
    if (this.#wanted !== undefined) return true;
    const spare = this.#target - log.start.index;
    return spare > 0 && (spare >= limits.entries || this.#byBytes);
  }

  /** Not beside an append: the log has one writer. */
  async run(): Promise<void> {
    const { log, position, store, writer } = this.#parts;
    const wanted = this.#wanted;
    this.#wanted = undefined;
    const target = Math.max(this.#target, Math.min(this.#through, position.value));
    await writer.run(async () => {
      const batch = store.batch();
      putAppliedIndex(batch, position.value);
      await batch.write({ sync: true });
    });
    if (target > log.start.index) await log.compact(target);
    this.#bytes = 0;
    wanted?.resolve();
  }

  get #byBytes(): boolean {
    return this.#bytes >= this.#parts.limits.bytes;
  }

  get #target(): number {
    const { limits, position } = this.#parts;
    return this.#byBytes ? position.value : position.value - limits.keepEntries;
  }
}
