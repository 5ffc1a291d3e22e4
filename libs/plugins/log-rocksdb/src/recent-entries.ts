import type { LogEntry } from '@caisson/contracts';

/** What an entry costs beside its data, roughly. */
const OVERHEAD = 128;

/**
 * The newest entries of a log, without a hole, up to a number of bytes: what followers and appliers want.
 */
export class RecentEntries {
  readonly #limit: number;
  #entries: LogEntry[] = [];
  /** How many at the front of the array are gone already. */
  #gone = 0;
  #bytes = 0;
  #next: number;

  /** `next` is the index of the entry that is pushed first. */
  constructor(limit: number, next: number) {
    this.#limit = limit;
    this.#next = next;
  }

  /** Index of the oldest one; the index of the next entry when there is none. */
  get first(): number {
    return this.#next - (this.#entries.length - this.#gone);
  }

  push(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#bytes += costOf(entry);
    this.#next = entry.index + 1;
    while (this.#bytes > this.#limit) this.#dropFirst();
  }

  /** Forgets `index` and everything above. */
  cutFrom(index: number): void {
    if (index < this.first) return this.restart(index);
    while (this.#next > index) {
      this.#bytes -= costOf(this.#entries.pop()!);
      this.#next -= 1;
    }
  }

  /** Forgets everything up to and including `index`, which is not above the last. */
  dropThrough(index: number): void {
    while (this.first <= index) this.#dropFirst();
  }

  restart(next: number): void {
    this.#entries = [];
    this.#gone = 0;
    this.#bytes = 0;
    this.#next = next;
  }

  /** Those among `from`..`to` that are here: none, or all from one of them on. */
  slice(from: number, to: number): LogEntry[] {
    const offset = this.#gone - this.first;
    return to < this.first ? [] : this.#entries.slice(Math.max(from, this.first) + offset, to + 1 + offset);
  }

  #dropFirst(): void {
    this.#bytes -= costOf(this.#entries[this.#gone]!);
    this.#gone += 1;
    if (this.#gone < 64 || this.#gone * 2 < this.#entries.length) {
      this.#entries[this.#gone - 1] = DROPPED;
      return;
    }
    this.#entries = this.#entries.slice(this.#gone);
    this.#gone = 0;
  }
}

const DROPPED: LogEntry = { index: 0, term: 0, kind: 'normal', data: new Uint8Array(0) };

function costOf(entry: LogEntry): number {
  return entry.data.length + OVERHEAD;
}
