import { invariant } from '@caisson/base';
import {
  CaissonError,
  type HardState,
  type LogAppend,
  type LogEntry,
  type LogStart,
  type RaftLog,
} from '@caisson/contracts';
import type { Database, NativeBatch } from '@caisson/disk';
import type { HeadFile } from './head-file.js';
import { encodeState, type LogState, NO_RECORDS, STATE_KEY } from './log-state.js';
import { encodeRecord, recordKey } from './records.js';
import type { Remembered } from './recovery.js';
import { checksumOf, readEntries } from './stored-records.js';
import { sweep } from './sweep.js';

const LOWEST = Buffer.from([0x00]);
const HIGHEST = Buffer.alloc(64, 0xff);

export interface LogParts {
  readonly database: Database;
  readonly head: HeadFile;
  readonly state: LogState;
  readonly memory: Remembered;
}

/**
 * One log in one database. Every change is one synced batch that contains the new state row; what is in
 * memory follows once the batch is durable, all in one turn, so that readers see either side of a change.
 */
export class RocksdbLog implements RaftLog {
  readonly #database: Database;
  readonly #head: HeadFile;
  readonly #memory: Remembered;
  #state: LogState;
  #writing: Promise<void> | undefined;
  /** Stored entries from here on are being replaced. */
  #replacingFrom = Infinity;
  readonly #reading = new Set<Promise<unknown>>();
  #failure: unknown;
  #closing: Promise<void> | undefined;

  constructor({ database, head, state, memory }: LogParts) {
    this.#database = database;
    this.#head = head;
    this.#state = state;
    this.#memory = memory;
  }

  get start(): LogStart {
    return this.#state.start;
  }

  get last(): number {
    return this.#state.last;
  }

  get hardState(): HardState {
    return this.#state.hardState;
  }

  async append({ entries, hardState }: LogAppend): Promise<void> {
    const { start, last } = this.#state;
    const first = entries[0]?.index ?? last + 1;
    invariant('LOG-1', first > start.index && first <= last + 1, 'an append leaves a hole or reaches below');
    invariant(
      'LOG-1',
      entries.every(({ index }, at) => index === first + at),
      'an append has a hole inside',
    );
    await this.#exclusively(() => this.#append(entries, first, hardState));
  }

  async read(from: number, to: number, maxBytes: number): Promise<readonly LogEntry[]> {
    this.#assertOpen();
    const { start, last, generation } = this.#state;
    invariant('LOG-2', from > start.index && from <= to && to <= last, 'a read outside the log');
    const { recent } = this.#memory;
    const storedTo = Math.min(to, recent.first - 1);
    if (from > storedTo) return withinBudget([], recent.slice(from, to), maxBytes);
    if (storedTo >= this.#replacingFrom) return this.#readAfterReplacing(from, to, maxBytes);
    const inMemory = recent.slice(from, to);
    const range = { generation, from, to: storedTo };
    const read = await this.#tracked(readEntries(this.#database, range, maxBytes));
    return read.length <= storedTo - from ? read : withinBudget(read, inMemory, maxBytes);
  }

  async term(index: number): Promise<number> {
    this.#assertOpen();
    const { start, last } = this.#state;
    invariant('LOG-2', index >= start.index && index <= last, 'a term outside the log');
    return this.#memory.terms.at(index);
  }

  async compact(index: number): Promise<void> {
    const term = await this.term(index);
    await this.#exclusively(() => this.#compact({ index, term }));
  }

  async reset(start: LogStart, hardState: HardState): Promise<void> {
    await this.#exclusively(() => this.#reset({ ...start }, { ...hardState }));
  }

  async scrub(): Promise<void> {
    this.#assertOpen();
    await this.#tracked(this.#database.compact(LOWEST, HIGHEST));
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #append(entries: readonly LogEntry[], first: number, hardState?: HardState): Promise<void> {
    if (entries.length === 0 && hardState === undefined) return;
    const before = this.#state;
    const batch = this.#database.batch();
    let crc = first > before.last ? before.tail : await this.#beginReplacing(first);
    const appended: LogEntry[] = [];
    for (const entry of entries) {
      const record = encodeRecord(before.generation, entry, crc);
      batch.put(record.key, record.value);
      crc = record.crc;
      appended.push({ index: entry.index, term: entry.term, kind: entry.kind, data: record.data });
    }
    const last = entries.length === 0 ? before.last : first + entries.length - 1;
    for (let index = last + 1; index <= before.last; index++) batch.del(recordKey(before.generation, index));
    const next = {
      ...before,
      sequence: before.sequence + 1,
      last,
      tail: crc,
      hardState: hardState === undefined ? before.hardState : { ...hardState },
    };
    await this.#persist(batch, next);
    this.#state = next;
    this.#replacingFrom = Infinity;
    const { terms, recent } = this.#memory;
    if (first <= before.last) {
      terms.cutFrom(first);
      recent.cutFrom(first);
    }
    for (const entry of appended) {
      terms.push(entry.index, entry.term);
      recent.push(entry);
    }
  }

  async #compact(start: LogStart): Promise<void> {
    const before = this.#state;
    if (start.index === before.start.index) return;
    const { generation } = before;
    const anchor = await checksumOf(this.#database, generation, start.index);
    const leftover = { generation, from: before.start.index + 1, to: start.index };
    const next = { ...before, sequence: before.sequence + 1, start, anchor, leftover };
    await this.#persist(this.#database.batch(), next);
    this.#state = next;
    this.#memory.terms.dropBelow(start.index);
    this.#memory.recent.dropThrough(start.index);
    await this.#sweep();
  }

  async #reset(start: LogStart, hardState: HardState): Promise<void> {
    const before = this.#state;
    const leftover = { generation: before.generation, from: before.start.index + 1, to: before.last };
    const next = {
      sequence: before.sequence + 1,
      generation: before.generation + 1,
      start,
      anchor: 0,
      last: start.index,
      tail: 0,
      hardState,
      leftover,
    };
    await this.#persist(this.#database.batch(), next);
    this.#state = next;
    this.#memory.terms.restart(start);
    this.#memory.recent.restart(start.index + 1);
    await this.#sweep();
  }

  /** The next state row says that nothing is left over; until then an opening deletes the same again. */
  async #sweep(): Promise<void> {
    await this.#head.sync();
    await Promise.allSettled(this.#reading);
    await sweep(this.#database, this.#state.leftover);
    this.#state = { ...this.#state, leftover: NO_RECORDS };
  }

  async #persist(batch: NativeBatch, next: LogState): Promise<void> {
    const row = encodeState(next);
    await this.#database.write(batch.put(STATE_KEY, row), true);
    this.#head.write(row);
    // From now on a head that says "nothing was ever written" is damage, also after a loss of power.
    if (next.sequence === 1) await this.#head.sync();
  }

  /**
   * Readers of records are let out, and none come in from here on. Returns what the first record follows.
   */
  async #beginReplacing(index: number): Promise<number> {
    this.#replacingFrom = index;
    await Promise.allSettled(this.#reading);
    const { start, anchor, generation } = this.#state;
    return index === start.index + 1 ? anchor : checksumOf(this.#database, generation, index - 1);
  }

  /** Who is overtaken by an append that replaces what was asked for gets what is left. */
  async #readAfterReplacing(from: number, to: number, maxBytes: number): Promise<readonly LogEntry[]> {
    await this.#writing;
    const end = Math.min(to, this.last);
    return from > end ? [] : this.read(from, end, maxBytes);
  }

  async #exclusively(change: () => Promise<void>): Promise<void> {
    this.#assertOpen();
    invariant('LOG-3', this.#writing === undefined, 'two writes at once in one log');
    if (this.#failure !== undefined) throw this.#failure;
    this.#writing = change();
    try {
      await this.#writing;
    } catch (error) {
      this.#failure = error;
      throw error;
    } finally {
      this.#writing = undefined;
      this.#replacingFrom = Infinity;
    }
  }

  async #tracked<T>(read: Promise<T>): Promise<T> {
    this.#reading.add(read);
    try {
      return await read;
    } finally {
      this.#reading.delete(read);
    }
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#writing, ...this.#reading]);
    try {
      await this.#head.sync();
    } finally {
      this.#head.close();
      await this.#database.close();
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new CaissonError('STORE_CLOSED');
  }
}

/** `read` and as many of `more` as fit, at least one of all. */
function withinBudget(read: LogEntry[], more: readonly LogEntry[], maxBytes: number): LogEntry[] {
  let bytes = 0;
  for (const { data } of read) bytes += data.length;
  for (const entry of more) {
    bytes += entry.data.length;
    if (read.length > 0 && bytes > maxBytes) break;
    read.push(entry);
  }
  return read;
}
