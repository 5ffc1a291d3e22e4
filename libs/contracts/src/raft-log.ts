import { slot } from './token.js';

/** What replicated entries are for. Only `normal` ones are ever sealed. */
export type LogEntryKind = 'normal' | 'confChange' | 'confChangeV2';

/** `index` and `term` are below 2^53. `data` belongs to whoever holds the entry; nobody mutates it. */
export interface LogEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: LogEntryKind;
  readonly data: Uint8Array;
}

/** What a node must remember across restarts to keep its promises. All zero means never written. */
export interface HardState {
  readonly term: number;
  readonly vote: bigint;
  readonly commit: number;
}

/** Where the log starts: everything up to `index` lives in a snapshot or in applied state. */
export interface LogStart {
  readonly index: number;
  readonly term: number;
}

export interface LogAppend {
  /** Contiguous; the first may overwrite a suffix: entries from its index on are replaced. */
  readonly entries: readonly LogEntry[];
  readonly hardState?: HardState;
}

/**
 * The durable log of one group: entries, hard state, and where the log starts.
 *
 * One writer: appends and compactions are not issued concurrently; reads may run beside them and see every
 * append that has resolved. Entries are contiguous from `start.index + 1` to `last`.
 */
export interface RaftLog {
  readonly start: LogStart;
  /** Index of the last entry, `start.index` when there is none. */
  readonly last: number;
  readonly hardState: HardState;
  /**
   * Entries and hard state become durable together: once this resolves they survive power loss.
   *
   * An append that leaves a hole or reaches below `start.index + 1` is a bug of the caller. After a failure
   * nothing is known and the log refuses further appends: the process must end.
   */
  append(append: LogAppend): Promise<void>;
  /**
   * Entries `from`..`to` (inclusive), cut once they exceed `maxBytes` of data but at least one. Damage is
   * `CORRUPTION`; indexes outside the log are a bug of the caller.
   */
  read(from: number, to: number, maxBytes: number): Promise<readonly LogEntry[]>;
  /** The term of `index`, from `start.index` to `last`. */
  term(index: number): Promise<number>;
  /** Drops entries up to and including `index`, which becomes the new start. Durable when it resolves. */
  compact(index: number): Promise<void>;
  /** Drops everything and starts anew after a snapshot. Durable and atomic. */
  reset(start: LogStart, hardState: HardState): Promise<void>;
  /**
   * Once it resolves, no file of the log holds data of entries that were dropped or replaced before the call.
   * Slow; may run beside everything else. Absent where the log has no files.
   */
  scrub?(): Promise<void>;
  close(): Promise<void>;
}

/** Opens logs, one per group. */
export interface RaftLogs {
  /**
   * Opens the log in `directory`, creating it when missing. A hole, a record that fails its checksum, or an
   * end before what was acknowledged is `CORRUPTION`; nothing is ever cut off to make it open.
   */
  open(directory: string, signal?: AbortSignal): Promise<RaftLog>;
}

export const RaftLogs = slot<RaftLogs>('RaftLogs');
