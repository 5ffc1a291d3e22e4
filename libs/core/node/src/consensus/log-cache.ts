import { invariant } from '@caisson/base';
import type { LogStart, RaftLog } from '@caisson/contracts';
import {
  type ConfState,
  type Entry,
  type HardState,
  isGap,
  type LogGap,
  type LogStorage,
  MemoryStorage,
  NO_DATA,
  type Snapshot,
} from '@caisson/raft';
import { toCoreEntry, toCoreHardState } from './core-entries.js';

/** What the core is told of the applied state when a member needs a snapshot. */
export interface AppliedState {
  readonly index: number;
  readonly confState: ConfState;
}

/**
 * The durable log as the core reads it: at once, from memory. Holds every entry that the log holds, and only
 * those: entries come here when they are durable and leave with the compaction.
 */
export class LogCache implements LogStorage {
  readonly #memory = new MemoryStorage();
  readonly #hardState: HardState;
  readonly #applied: () => AppliedState | undefined;
  readonly #confState: ConfState;
  #bytes = 0;

  /** `applied` answers undefined while no snapshot can be sent. */
  private constructor(log: RaftLog, confState: ConfState, applied: () => AppliedState | undefined) {
    this.#memory.applySnapshot({ ...log.start, confState, data: NO_DATA });
    const hardState = toCoreHardState(log.hardState);
    // An engine without peers keeps no commit index. What left its log was applied, so it was committed.
    this.#hardState = { ...hardState, commit: Math.max(hardState.commit, log.start.index) };
    this.#confState = confState;
    this.#applied = applied;
  }

  /** Reads the whole log, in pages. */
  static async open(
    log: RaftLog,
    options: {
      readonly confState: ConfState;
      readonly pageBytes: number;
      readonly applied: () => AppliedState | undefined;
    },
  ): Promise<LogCache> {
    const cache = new LogCache(log, options.confState, options.applied);
    for (let next = log.start.index + 1; next <= log.last; next = cache.lastIndex() + 1) {
      const page = await log.read(next, log.last, options.pageBytes);
      cache.append(page.map(toCoreEntry));
    }
    return cache;
  }

  /** Bytes of data in the entries held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** As the log was opened: what came later is known to the core. */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#confState };
  }

  entries(low: number, high: number, sizeMax: number): readonly Entry[] | LogGap {
    return this.#memory.entries(low, high, sizeMax);
  }

  term(index: number): number | LogGap {
    return this.#memory.term(index);
  }

  firstIndex(): number {
    return this.#memory.firstIndex();
  }

  lastIndex(): number {
    return this.#memory.lastIndex();
  }

  /**
   * Stands for a stream that is not opened before it is sent, then over the state of that moment, which is
   * this one or a later one.
   */
  snapshot(): Snapshot | undefined {
    const applied = this.#applied();
    if (applied === undefined || applied.index === 0) return undefined;
    const { index, confState } = applied;
    return { index, term: this.termAt(index), confState, data: NO_DATA };
  }

  /** The term of an index that is not compacted, the start included. */
  termAt(index: number): number {
    const term = this.term(index);
    invariant('NODE-4', !isGap(term), 'a term outside the log');
    return term;
  }

  /** Takes over entries that are durable, from their first index on. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    if (first.index <= this.lastIndex()) this.#bytes -= bytesOf(this.#from(first.index));
    this.#memory.append(entries);
    this.#bytes += bytesOf(entries);
  }

  /** Follows a compaction of the log. */
  compact(index: number): void {
    this.#memory.compact(index);
    this.#bytes = bytesOf(this.#from(this.firstIndex()));
  }

  /** Follows a snapshot that took the place of the log. */
  reset(start: LogStart, confState: ConfState): void {
    const outcome = this.#memory.applySnapshot({ ...start, confState, data: NO_DATA });
    invariant('NODE-3', outcome === 'applied', 'a snapshot led back');
    this.#bytes = 0;
  }

  /** The first index of the tail ending at `end` that fits both limits. */
  tailStart(end: number, limits: { readonly entries: number; readonly bytes: number }): number {
    let first = end + 1;
    let bytes = 0;
    const low = Math.max(this.firstIndex(), first - limits.entries);
    const tail = low < first ? this.entries(low, first, Infinity) : [];
    invariant('NODE-4', !isGap(tail), 'a tail outside the log');
    for (const entry of tail.toReversed()) {
      bytes += entry.data.length;
      if (bytes > limits.bytes) break;
      first = entry.index;
    }
    return first;
  }

  #from(index: number): readonly Entry[] {
    const last = this.lastIndex();
    const entries = index > last ? [] : this.entries(index, last + 1, Infinity);
    invariant('NODE-4', !isGap(entries), 'entries outside the log');
    return entries;
  }
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const { data } of entries) bytes += data.length;
  return bytes;
}
