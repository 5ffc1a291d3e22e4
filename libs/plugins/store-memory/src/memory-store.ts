import { compareBytes, copyBytes, invariant } from '@caisson/base';
import {
  CaissonError,
  type DeleteRangeProgress,
  type KeyRange,
  type ReadView,
  type UntrustedStore,
  type WritableBatch,
} from '@caisson/contracts';
import { MemoryBatch, type Change } from './memory-batch.js';
import { MemoryView } from './memory-view.js';
import { SortedPages } from './sorted-pages.js';

/** What one directory holds: the newest state, and the one that a loss of power leaves. */
export class MemoryContent {
  current = SortedPages.EMPTY;
  synced = SortedPages.EMPTY;
}

/** A store over `content`, until it is closed. Readers take the state as it is; writing replaces it whole. */
export class MemoryStore implements UntrustedStore {
  readonly #content: MemoryContent;
  readonly #onClosed: () => void;
  #phase: 'open' | 'closed' | 'dead' = 'open';
  #writing: Promise<unknown> | undefined;

  constructor(content: MemoryContent, onClosed: () => void) {
    this.#content = content;
    this.#onClosed = onClosed;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const value = this.#content.current.get(key);
    return value && copyBytes(value);
  }

  view(direction: ReadView['direction'] = 'forward'): ReadView {
    this.#assertOpen();
    return new MemoryView(this.#content.current, direction, () => this.#phase === 'open');
  }

  batch(): WritableBatch {
    return new MemoryBatch((changes, sync) => this.#commit(changes, sync));
  }

  async deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    const { from, to } = range;
    return this.#write(() => {
      const edit = this.#content.current.edit();
      let held = this.#content.current.ceiling(from, { after: false });
      let deleted = 0;
      while (held !== undefined && (to === undefined || compareBytes(held.key, to) < 0)) {
        if (deleted === limit) break;
        edit.delete(held.key);
        deleted++;
        held = this.#content.current.ceiling(held.key, { after: true });
      }
      this.#content.current = edit.done();
      const more = held !== undefined && (to === undefined || compareBytes(held.key, to) < 0);
      return { deleted, more };
    });
  }

  async compact(): Promise<void> {
    this.#assertOpen();
  }

  /** Harmless when repeated. */
  async close(): Promise<void> {
    if (this.#phase !== 'open') return;
    this.#phase = 'closed';
    await this.#writing;
    this.#content.synced = this.#content.current;
    this.#onClosed();
  }

  /** As if the process had died: nothing more is written, nothing is flushed. */
  abandon(): void {
    this.#phase = 'dead';
  }

  #commit(changes: readonly Change[], sync: boolean): Promise<void> {
    return this.#write(() => {
      const edit = this.#content.current.edit();
      for (const [key, value] of changes) {
        if (value === undefined) edit.delete(key);
        else edit.set(key, value);
      }
      this.#content.current = edit.done();
      if (sync) this.#content.synced = this.#content.current;
    });
  }

  /** Takes a turn of the loop, as a disk would, so that a caller who breaks the one-writer rule is caught. */
  async #write<T>(change: () => T): Promise<T> {
    this.#assertOpen();
    invariant('STORE-1', this.#writing === undefined, 'two writes at once in one store');
    const turn = Promise.resolve();
    this.#writing = turn;
    await turn;
    this.#writing = undefined;
    if (this.#phase === 'dead') throw new CaissonError('STORE_CLOSED');
    return change();
  }

  #assertOpen(): void {
    if (this.#phase !== 'open') throw new CaissonError('STORE_CLOSED');
  }
}
