import { invariant } from '@caisson/base';
import {
  CaissonError,
  type HardState,
  type LogAppend,
  type LogEntry,
  type LogStart,
  type RaftLog,
  type RaftLogs,
} from '@caisson/contracts';

const NEVER_WRITTEN: HardState = { term: 0, vote: 0n, commit: 0 };

/** What one directory keeps. Replaced whole with every change, so a change is all there or not at all. */
interface Kept {
  readonly start: LogStart;
  readonly entries: readonly LogEntry[];
  readonly hardState: HardState;
}

const NOTHING: Kept = { start: { index: 0, term: 0 }, entries: [], hardState: NEVER_WRITTEN };

/**
 * Logs in memory, one per directory name, for tests. Every append is as durable as this object: closing and
 * `crash` lose nothing that has resolved. Callers who break the contract's rules are caught.
 */
export class MemoryLogs implements RaftLogs {
  readonly #kept = new Map<string, Kept>();
  readonly #open = new Map<string, MemoryLog>();

  async open(directory: string, signal?: AbortSignal): Promise<RaftLog> {
    signal?.throwIfAborted();
    if (this.#open.has(directory)) throw new CaissonError('DIRECTORY_LOCKED', { path: directory });
    const keep = (kept: Kept) => this.#kept.set(directory, kept);
    const log = new MemoryLog(this.#kept.get(directory) ?? NOTHING, keep, () => this.#open.delete(directory));
    this.#open.set(directory, log);
    return log;
  }

  /** Open logs are dead at once; appends that had not resolved may or may not be there. */
  crash(): void {
    for (const log of this.#open.values()) log.abandon();
    this.#open.clear();
  }
}

class MemoryLog implements RaftLog {
  #kept: Kept;
  readonly #keep: (kept: Kept) => void;
  readonly #onClosed: () => void;
  #isOpen = true;
  #isWriting = false;

  constructor(kept: Kept, keep: (kept: Kept) => void, onClosed: () => void) {
    this.#kept = kept;
    this.#keep = keep;
    this.#onClosed = onClosed;
  }

  get start(): LogStart {
    return this.#kept.start;
  }

  get last(): number {
    return this.#kept.start.index + this.#kept.entries.length;
  }

  get hardState(): HardState {
    return this.#kept.hardState;
  }

  async append({ entries, hardState }: LogAppend): Promise<void> {
    const { start } = this.#kept;
    const first = entries[0]?.index ?? this.last + 1;
    invariant(
      'LOG-1',
      first > start.index && first <= this.last + 1,
      'an append leaves a hole or reaches below',
    );
    invariant(
      'LOG-1',
      entries.every(({ index }, at) => index === first + at),
      'an append has a hole inside',
    );
    await this.#change((kept) => ({
      start,
      entries: [...kept.entries.slice(0, first - 1 - start.index), ...entries.map(held)],
      hardState: hardState === undefined ? kept.hardState : { ...hardState },
    }));
  }

  async read(from: number, to: number, maxBytes: number): Promise<readonly LogEntry[]> {
    this.#assertOpen();
    const { start, entries } = this.#kept;
    invariant('LOG-2', from > start.index && from <= to && to <= this.last, 'a read outside the log');
    const read: LogEntry[] = [];
    let bytes = 0;
    for (const entry of entries.slice(from - 1 - start.index, to - start.index)) {
      bytes += entry.data.length;
      if (read.length > 0 && bytes > maxBytes) break;
      read.push(held(entry));
    }
    return read;
  }

  async term(index: number): Promise<number> {
    this.#assertOpen();
    const { start, entries } = this.#kept;
    invariant('LOG-2', index >= start.index && index <= this.last, 'a term outside the log');
    return index === start.index ? start.term : entries[index - 1 - start.index]!.term;
  }

  async compact(index: number): Promise<void> {
    const term = await this.term(index);
    await this.#change(({ start, entries, hardState }) => ({
      start: { index, term },
      entries: entries.slice(index - start.index),
      hardState,
    }));
  }

  async reset(start: LogStart, hardState: HardState): Promise<void> {
    await this.#change(() => ({ start: { ...start }, entries: [], hardState: { ...hardState } }));
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClosed();
  }

  abandon(): void {
    this.#isOpen = false;
  }

  async #change(next: (kept: Kept) => Kept): Promise<void> {
    this.#assertOpen();
    invariant('LOG-3', !this.#isWriting, 'two writes at once in one log');
    this.#isWriting = true;
    try {
      await Promise.resolve();
      this.#assertOpen();
      this.#kept = next(this.#kept);
      this.#keep(this.#kept);
    } finally {
      this.#isWriting = false;
    }
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new CaissonError('STORE_CLOSED');
  }
}

function held({ index, term, kind, data }: LogEntry): LogEntry {
  return { index, term, kind, data: new Uint8Array(data) };
}
