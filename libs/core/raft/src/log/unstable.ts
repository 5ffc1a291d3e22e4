import { invariant } from '@caisson/base';
import type { LogSink } from '../message/log-sink.js';
import type { Entry, EntryId } from '../message/entry.js';
import type { Snapshot } from '../message/state.js';

/**
 * The tail of the log, and at most one snapshot, that storage has not confirmed.
 *
 * Two positions move independently: `offset` follows what is confirmed, `offsetInProgress` what has been
 * handed out to be written. Invariant: offset ≤ offsetInProgress ≤ offset + entries (RAFT-8). A
 * confirmation counts only if term and index are still ours: what it speaks of may have been replaced
 * since.
 */
export class Unstable {
  snapshot: Snapshot | undefined;
  isSnapshotInProgress = false;
  #entries: Entry[] = [];
  /** Index of the first entry here. */
  offset: number;
  /** Entries below it have been handed out. */
  offsetInProgress: number;

  constructor(
    offset: number,
    readonly sink: LogSink,
  ) {
    this.offset = offset;
    this.offsetInProgress = offset;
  }

  /** Grows in place: whoever hands entries out takes a slice. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  firstIndex(): number | undefined {
    return this.snapshot && this.snapshot.index + 1;
  }

  lastIndex(): number | undefined {
    if (this.entries.length > 0) return this.offset + this.entries.length - 1;
    return this.snapshot?.index;
  }

  term(index: number): number | undefined {
    if (index >= this.offset) return this.entries[index - this.offset]?.term;
    return this.snapshot?.index === index ? this.snapshot.term : undefined;
  }

  /** Entries from `low` up to but without `high`, all of which must be here. */
  slice(low: number, high: number): readonly Entry[] {
    const isInside = low >= this.offset && low <= high && high <= this.offset + this.entries.length;
    invariant('RAFT-8', isInside, 'a slice outside the unstable log');
    return this.entries.slice(low - this.offset, high - this.offset);
  }

  /** What is to be written and has not been handed out. */
  nextEntries(): readonly Entry[] {
    return this.entries.slice(this.offsetInProgress - this.offset);
  }

  nextSnapshot(): Snapshot | undefined {
    return this.isSnapshotInProgress ? undefined : this.snapshot;
  }

  acceptInProgress(): void {
    this.offsetInProgress = this.offset + this.entries.length;
    if (this.snapshot !== undefined) this.isSnapshotInProgress = true;
  }

  /** Storage holds the log through `id`. */
  stableTo(id: EntryId): void {
    const { index } = id;
    const term = this.term(index);
    if (term === undefined) {
      this.sink('info', `entry at index ${index} missing from unstable log; ignoring`);
      return;
    }
    if (index < this.offset) {
      this.sink('info', `entry at index ${index} matched unstable snapshot; ignoring`);
      return;
    }
    if (term !== id.term) {
      const [told, held] = [`(${index},${id.term})`, `(${index},${term})`];
      this.sink(
        'info',
        `entry at (index,term)=${told} mismatched with entry at ${held} in unstable log; ignoring`,
      );
      return;
    }
    this.#entries = this.#entries.slice(index + 1 - this.offset);
    this.offset = index + 1;
    this.offsetInProgress = Math.max(this.offsetInProgress, this.offset);
  }

  stableSnapshotTo(index: number): void {
    if (this.snapshot?.index !== index) return;
    this.snapshot = undefined;
    this.isSnapshotInProgress = false;
  }

  restore(snapshot: Snapshot): void {
    this.offset = snapshot.index + 1;
    this.offsetInProgress = this.offset;
    this.#entries = [];
    this.snapshot = snapshot;
    this.isSnapshotInProgress = false;
  }

  /** Takes entries over from their first index on; from there, what was here is replaced. */
  truncateAndAppend(entries: readonly Entry[]): void {
    const from = entries[0]!.index;
    if (from === this.offset + this.entries.length) {
      this.#entries.push(...entries);
    } else if (from <= this.offset) {
      this.sink('info', `replace the unstable entries from index ${from}`);
      this.#entries = [...entries];
      this.offset = from;
      this.offsetInProgress = from;
    } else {
      this.sink('info', `truncate the unstable entries before index ${from}`);
      this.#entries = [...this.slice(this.offset, from), ...entries];
      // Handed-out entries beyond this point are void and their replacements still have to be written.
      this.offsetInProgress = Math.min(this.offsetInProgress, from);
    }
  }
}
