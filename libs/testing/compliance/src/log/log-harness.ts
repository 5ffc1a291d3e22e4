import type { HardState, LogEntry, LogEntryKind, RaftLog, RaftLogs } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** What the log kit works on. Getters may answer anew after `crash`. */
export interface LogHarness extends Harness {
  readonly logs: RaftLogs;
  /** Where the log called `name` lives: nothing at first, the same place on every call until `crash`. */
  directory(name: string): string;
  /** Loses power, or ends the process without warning: open logs are dead. */
  crash?(): Promise<void>;
  /** Flips at least one bit of what a closed log keeps about its entries. */
  damage?(name: string): Promise<void>;
  /** Every file of the log called `name` as it is right now, open or not. */
  files?(name: string): Promise<readonly Uint8Array[]>;
}

export const CRASH: Need<LogHarness> = {
  id: 'crash',
  what: 'a harness that can lose power',
  isMet: ({ crash }) => crash !== undefined,
};

export const DAMAGE: Need<LogHarness> = {
  id: 'damage',
  what: 'a harness that can damage what the log keeps',
  isMet: ({ damage }) => damage !== undefined,
};

export const FILES: Need<LogHarness> = {
  id: 'files',
  what: 'a harness that reads the files of a log',
  isMet: ({ files }) => files !== undefined,
};

export function openLog(harness: LogHarness, name = 'main'): Promise<RaftLog> {
  return harness.logs.open(harness.directory(name));
}

const BYTES = 40;

/** An entry whose data tells its index and term. */
export function entry(index: number, term: number, kind: LogEntryKind = 'normal'): LogEntry {
  const data = Uint8Array.from({ length: BYTES }, (_, at) => index * 7 + term * 13 + at);
  return { index, term, kind, data };
}

/** Entries `from`..`to`, inclusive. */
export function entries(from: number, to: number, term: number): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, term));
}

export const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** All a log says about itself, for comparison. */
export async function stateOf(log: RaftLog): Promise<unknown> {
  const { start, last, hardState } = log;
  const held = last > start.index ? await log.read(start.index + 1, last, EVERYTHING) : [];
  return { start: { ...start }, last, hardState: plain(hardState), held: held.map((each) => ({ ...each })) };
}

export function plain({ term, vote, commit }: HardState): HardState {
  return { term, vote, commit };
}
