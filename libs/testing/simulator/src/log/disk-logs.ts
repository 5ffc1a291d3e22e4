import { ByteReader, ByteWriter, invariant } from '@caisson/base';
import {
  CaissonError,
  type DirectoryHold,
  type HardState,
  type LogAppend,
  type LogEntry,
  type LogEntryKind,
  type LogStart,
  type RaftLog,
  type RaftLogs,
} from '@caisson/contracts';
import { type RecordDisk, RecordFile } from '../records/record-file.js';

const KINDS: readonly LogEntryKind[] = ['normal', 'confChange', 'confChangeV2'];
const NEVER_WRITTEN: HardState = { term: 0, vote: 0n, commit: 0 };

/** A record: what replaces all there was, or what continues it. */
interface Kept {
  readonly isWhole: boolean;
  readonly start: LogStart;
  readonly entries: readonly LogEntry[];
  readonly hardState: HardState;
}

/** Logs of one process on a simulated disk: every append is a record with a checksum, synced. */
export class DiskLogs implements RaftLogs {
  readonly #disk: RecordDisk;

  constructor(disk: RecordDisk) {
    this.#disk = disk;
  }

  async open(directory: string, signal?: AbortSignal): Promise<RaftLog> {
    signal?.throwIfAborted();
    const hold = await this.#disk.hold(directory);
    try {
      return await DiskLog.open(this.#disk, directory, hold);
    } catch (error) {
      await hold.release();
      throw error;
    }
  }
}

class DiskLog implements RaftLog {
  readonly #file: RecordFile;
  readonly #hold: DirectoryHold;
  #start: LogStart = { index: 0, term: 0 };
  #entries: LogEntry[] = [];
  #hardState = NEVER_WRITTEN;
  #isOpen = true;
  #isWriting = false;

  private constructor(file: RecordFile, hold: DirectoryHold) {
    this.#file = file;
    this.#hold = hold;
  }

  static async open(disk: RecordDisk, directory: string, hold: DirectoryHold): Promise<DiskLog> {
    const records: Uint8Array[] = [];
    const nothing = { isWhole: true, start: { index: 0, term: 0 }, entries: [], hardState: NEVER_WRITTEN };
    const first = () => encode(nothing);
    const file = await RecordFile.open({ disk, directory }, first, (record) => records.push(record));
    const log = new DiskLog(file, hold);
    for (const record of records) log.#take(decode(record));
    return log;
  }

  get start(): LogStart {
    return this.#start;
  }

  get last(): number {
    return this.#start.index + this.#entries.length;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  async append({ entries, hardState }: LogAppend): Promise<void> {
    const first = entries[0]?.index ?? this.last + 1;
    const isBehind = first > this.#start.index && first <= this.last + 1;
    invariant('LOG-1', isBehind, 'an append leaves a hole or reaches below');
    const isWhole = entries.every(({ index }, at) => index === first + at);
    invariant('LOG-1', isWhole, 'an append has a hole inside');
    const next = { start: this.#start, entries, hardState: hardState ?? this.#hardState };
    await this.#change({ isWhole: false, ...next }, (record, onWritten) =>
      this.#file.append(record, true, onWritten),
    );
  }

  async read(from: number, to: number, maxBytes: number): Promise<readonly LogEntry[]> {
    this.#assertOpen();
    const isInside = from > this.#start.index && from <= to && to <= this.last;
    invariant('LOG-2', isInside, 'a read outside the log');
    const read: LogEntry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(from - 1 - this.#start.index, to - this.#start.index)) {
      bytes += entry.data.length;
      if (read.length > 0 && bytes > maxBytes) break;
      read.push({ ...entry, data: entry.data.slice() });
    }
    return read;
  }

  async term(index: number): Promise<number> {
    this.#assertOpen();
    const { index: first, term } = this.#start;
    invariant('LOG-2', index >= first && index <= this.last, 'a term outside the log');
    return index === first ? term : this.#entries[index - 1 - first]!.term;
  }

  async compact(index: number): Promise<void> {
    const start = { index, term: await this.term(index) };
    const entries = this.#entries.slice(index - this.#start.index);
    await this.#replace({ isWhole: true, start, entries, hardState: this.#hardState });
  }

  async reset(start: LogStart, hardState: HardState): Promise<void> {
    await this.#replace({ isWhole: true, start, entries: [], hardState });
  }

  /** Beside everything else: it keeps what there is when its turn comes. */
  scrub(): Promise<void> {
    this.#assertOpen();
    const kept = () => ({ start: this.#start, entries: this.#entries, hardState: this.#hardState });
    return this.#file.replace(() => encode({ isWhole: true, ...kept() }));
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
    await this.#hold.release();
  }

  #replace(next: Kept): Promise<void> {
    return this.#change(next, (record, onWritten) => this.#file.replace(() => record, onWritten));
  }

  async #change(
    next: Kept,
    write: (record: Uint8Array, onWritten: () => void) => Promise<void>,
  ): Promise<void> {
    this.#assertOpen();
    invariant('LOG-3', !this.#isWriting, 'two writes at once in one log');
    this.#isWriting = true;
    const record = encode(next);
    try {
      await write(record, () => this.#take(decode(record)));
    } finally {
      this.#isWriting = false;
    }
  }

  #take({ entries, hardState, isWhole, start }: Kept): void {
    const first = entries[0]?.index;
    if (isWhole) this.#entries = [...entries];
    else if (first !== undefined) this.#entries.splice(first - 1 - start.index, Infinity, ...entries);
    this.#start = start;
    this.#hardState = hardState;
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new CaissonError('STORE_CLOSED');
  }
}

function encode({ entries, hardState, isWhole, start }: Kept): Uint8Array {
  const writer = new ByteWriter(256).u8(isWhole ? 1 : 0);
  writer.index(start.index).index(start.term);
  writer.index(hardState.term).u64(hardState.vote).index(hardState.commit);
  for (const { data, index, kind, term } of entries) {
    writer.index(index).index(term).u8(KINDS.indexOf(kind)).block(data);
  }
  return writer.done();
}

function decode(record: Uint8Array): Kept {
  const reader = new ByteReader(record);
  const isWhole = reader.u8('whole') === 1;
  const start = { index: reader.index('start'), term: reader.index('start') };
  const promises = { term: reader.index('term'), vote: reader.u64('vote'), commit: reader.index('commit') };
  const entries: LogEntry[] = [];
  while (reader.remaining > 0) {
    const [index, term] = [reader.index('index'), reader.index('term')];
    const kind = KINDS[reader.u8('kind')]!;
    entries.push({ index, term, kind, data: reader.block(record.length, 'data') });
  }
  return { isWhole, start, entries, hardState: promises };
}
