import { invariant } from '@caisson/base';
import { type Entry, limitSize } from '../message/entry.js';
import {
  type ConfState,
  EMPTY_HARD_STATE,
  EMPTY_SNAPSHOT,
  type HardState,
  type Snapshot,
} from '../message/state.js';
import type { LogGap, LogStorage } from './storage.js';

/** A log in memory: for tests, simulations and as the readable side of a log on disk. */
export class MemoryStorage implements LogStorage {
  #hardState: HardState = EMPTY_HARD_STATE;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** What the log is attached to: the position just before its first entry. */
  #base = { index: 0, term: 0 };
  #entries: Entry[] = [];

  initialState(): { hardState: HardState; confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#snapshot.confState };
  }

  entries(low: number, high: number, sizeMax: number): readonly Entry[] | LogGap {
    if (low < this.firstIndex()) return 'compacted';
    invariant('RAFT-7', high <= this.lastIndex() + 1, 'entries asked for beyond the end of the log');
    if (this.#entries.length === 0) return 'unavailable';
    const first = this.firstIndex();
    return limitSize(this.#entries.slice(low - first, high - first), sizeMax);
  }

  term(index: number): number | LogGap {
    if (index === this.#base.index) return this.#base.term;
    if (index < this.#base.index) return 'compacted';
    return this.#entries[index - this.firstIndex()]?.term ?? 'unavailable';
  }

  firstIndex(): number {
    return this.#base.index + 1;
  }

  lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  setHardState(hardState: HardState): void {
    this.#hardState = hardState;
  }

  /**
   * Takes entries over from their first index on; what was there is replaced, what is compacted is skipped.
   */
  append(entries: readonly Entry[]): void {
    const fresh = entries.slice(Math.max(0, this.firstIndex() - (entries[0]?.index ?? 0)));
    const from = fresh[0];
    if (from === undefined) return;
    invariant('RAFT-7', from.index <= this.lastIndex() + 1, 'a gap in the log');
    this.#entries.length = from.index - this.firstIndex();
    this.#entries.push(...fresh);
  }

  /** Replaces everything by the snapshot; refuses one that is not newer than its own. */
  applySnapshot(snapshot: Snapshot): 'applied' | 'out-of-date' {
    if (this.#snapshot.index !== 0 && this.#snapshot.index >= snapshot.index) return 'out-of-date';
    this.#snapshot = snapshot;
    this.#base = { index: snapshot.index, term: snapshot.term };
    this.#entries = [];
    return 'applied';
  }

  /** Records the state at `index`, which the log must hold, for members that lag too far behind. */
  createSnapshot(index: number, confState: ConfState, data: Uint8Array): Snapshot | 'out-of-date' {
    if (index <= this.#snapshot.index) return 'out-of-date';
    const term = this.term(index);
    invariant('RAFT-7', typeof term === 'number', 'a snapshot at an index outside the log');
    this.#snapshot = { index, term, confState, data };
    return this.#snapshot;
  }

  /** Forgets entries through `index`, which stays known by its term alone. */
  compact(index: number): 'done' | 'compacted' {
    if (index <= this.#base.index) return 'compacted';
    const term = this.term(index);
    invariant('RAFT-7', typeof term === 'number', 'compaction beyond the end of the log');
    this.#entries = this.#entries.slice(index - this.#base.index);
    this.#base = { index, term };
    return 'done';
  }
}
