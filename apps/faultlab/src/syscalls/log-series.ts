import { fromUtf8, toUtf8 } from '@caisson/base';
import type { HardState, LogEntry, LogStart, RaftLog } from '@caisson/contracts';
import { RocksdbLogs } from '@caisson/log-rocksdb';
import { join } from 'node:path';
import type { Series } from './series.js';
import { firstInDoubt, type Steps, type Told } from './told.js';

/** What a log holds, as text that can be compared. */
export interface LogContent {
  readonly start: LogStart;
  readonly hardState: HardState;
  readonly entries: readonly LogEntry[];
}

type Change =
  | { readonly kind: 'append'; readonly count: number; readonly replaces?: number }
  | { readonly kind: 'vote' }
  | { readonly kind: 'compact'; readonly keep: number }
  | { readonly kind: 'reset' };

const DATA_BYTES = 4_000;
const ALL_BYTES = 2 ** 30;
const LAST_TERM = 1_000_000;

/** Two rounds: entries one by one and together, a suffix replaced, a vote, what is old dropped, all anew. */
const ROUND: readonly Change[] = [
  { kind: 'append', count: 1 },
  { kind: 'append', count: 5 },
  { kind: 'append', count: 1 },
  { kind: 'vote' },
  { kind: 'append', count: 4, replaces: 3 },
  { kind: 'append', count: 1 },
  { kind: 'compact', keep: 4 },
  { kind: 'append', count: 7 },
  { kind: 'append', count: 2, replaces: 5 },
  { kind: 'append', count: 1 },
  { kind: 'compact', keep: 0 },
  { kind: 'append', count: 3 },
  { kind: 'vote' },
  { kind: 'append', count: 1, replaces: 1 },
  { kind: 'reset' },
  { kind: 'append', count: 3 },
];
const CHANGES: readonly Change[] = [...ROUND, ...ROUND];
const EMPTY: LogContent = {
  start: { index: 0, term: 0 },
  hardState: { term: 0, vote: 0n, commit: 0 },
  entries: [],
};

const logs = new RocksdbLogs({ writeBufferBytes: 1024 * 1024 });

export const logSeries: Series = {
  prepare: async (folder) => (await open(folder)).close(),
  async run(folder: string, steps: Steps): Promise<void> {
    for (let from = 0; from < CHANGES.length && steps.failed === undefined; from += ROUND.length) {
      const log = await open(folder);
      for (let at = from; at < from + ROUND.length; at++) {
        // What comes after a step that failed would leave a hole: only that step can be tried again.
        await steps.take(at, () => take(log, steps.failed ?? at));
      }
      if (from + ROUND.length < CHANGES.length) await log.close();
    }
  },
  recover: async (folder) => (await open(folder)).close(),
  async judge(folder: string, told: Told): Promise<string | undefined> {
    const log = await open(folder);
    const broken = brokenLog(await contentOf(log), told);
    const index = log.last + 1;
    await log.append({ entries: [{ index, term: LAST_TERM, kind: 'normal', data: toUtf8('on') }] });
    const [written] = await log.read(index, index, ALL_BYTES);
    await log.close();
    return broken ?? (written === undefined ? 'what is appended is not read' : undefined);
  },
};

/** Every step is durable once it was acknowledged, and is taken whole or not at all. */
export function brokenLog(found: LogContent, told: Told): string | undefined {
  const promised = told.acknowledged.at(-1) ?? -1;
  const begun = firstInDoubt(told) ?? promised;
  const text = textOf(found);
  for (let last = begun; last >= promised; last--) if (text === textOf(contentAfter(last))) return undefined;
  const { entries, start } = found;
  return (
    `the log has ${entries.length} entries behind ${start.index}, as after no step between ` +
    `${promised} and ${begun}`
  );
}

export function contentAfter(last: number): LogContent {
  let content = EMPTY;
  for (let at = 0; at <= last; at++) content = changed(content, at);
  return content;
}

function changed(before: LogContent, at: number): LogContent {
  const change = CHANGES[at]!;
  const { entries, hardState, start } = before;
  switch (change.kind) {
    case 'append': {
      const kept = entries.slice(0, entries.length - (change.replaces ?? 0));
      return {
        ...before,
        entries: [...kept, ...newEntries(at, start.index + kept.length + 1, change.count)],
      };
    }
    case 'vote':
      return { ...before, hardState: votedAt(at, start.index) };
    case 'compact': {
      const dropped = entries.slice(0, entries.length - change.keep);
      const { index, term } = dropped.at(-1)!;
      return { start: { index, term }, hardState, entries: entries.slice(dropped.length) };
    }
    case 'reset':
      return { start: startAt(at, start.index + entries.length), hardState: votedAt(at, 0), entries: [] };
  }
}

async function take(log: RaftLog, at: number): Promise<void> {
  const before = contentAfter(at - 1);
  const after = changed(before, at);
  const { kind } = CHANGES[at]!;
  if (kind === 'compact') return log.compact(after.start.index);
  if (kind === 'reset') return log.reset(after.start, after.hardState);
  const entries = after.entries.filter((entry) => entry.term === at + 1);
  return log.append(kind === 'vote' ? { entries: [], hardState: after.hardState } : { entries });
}

/** The term says which step an entry is of. */
function newEntries(at: number, from: number, count: number): readonly LogEntry[] {
  return Array.from({ length: count }, (_, nth) => ({
    index: from + nth,
    term: at + 1,
    kind: 'normal' as const,
    data: toUtf8(`entry ${from + nth} of step ${at} `.padEnd(DATA_BYTES, String(at % 10))),
  }));
}

function votedAt(at: number, commit: number): HardState {
  return { term: at + 1, vote: BigInt(at), commit };
}

function startAt(at: number, last: number): LogStart {
  return { index: last + 10, term: at + 1 };
}

function open(folder: string): Promise<RaftLog> {
  return logs.open(join(folder, 'log'));
}

async function contentOf(log: RaftLog): Promise<LogContent> {
  const { hardState, last, start } = log;
  const from = start.index + 1;
  return { start, hardState, entries: last < from ? [] : await log.read(from, last, ALL_BYTES) };
}

function textOf({ entries, hardState, start }: LogContent): string {
  const { commit, term, vote } = hardState;
  const lines = entries.map(({ data, index, kind, term }) => `${index} ${term} ${kind} ${fromUtf8(data)}`);
  return [`${start.index} ${start.term}`, `${term} ${vote} ${commit}`, ...lines].join('\n');
}
