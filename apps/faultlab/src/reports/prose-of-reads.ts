import type { Call, EntryRecord, StormRecord } from '../trace/record.js';
import type { StoredRun } from './stored.js';
import { faultsAt, nodeAt } from './surroundings.js';
import type { Telling } from './prose.js';
import { plain, times } from './words.js';

const BEFORE_MS = 250;
const BEFORE_MAX_MS = 3000;

interface Version {
  readonly entry: EntryRecord;
  readonly value: string | undefined;
  /** The write that it is of, where it is known. */
  readonly call: Call | undefined;
}

/** A read that should not have been answered so: what it saw, and what it should have seen. */
export function tellRead(run: StoredRun, record: StormRecord, call: Call): Telling {
  const { client, fromMs, key = '', node } = call;
  const untilMs = call.untilMs ?? fromMs;
  const saw = call.value;
  const versions = versionsOf(record, key);
  const seenAt = versions.findLastIndex(({ value }) => value === saw);
  const newest = versions.findLast((version, at) => at > seenAt && (answered(version) ?? Infinity) < fromMs);
  const when = fromMs === untilMs ? `at ${times(fromMs)}` : `from ${times(fromMs)} to ${times(untilMs)}`;
  const read = `Client ${client} read the key ${key} through ${node}, ${when}, and was told ${said(saw)}.`;
  const sentences = [read, ...reason({ call, seenAt, newest, versions })];
  const hasAsked = record.messages.some(({ from, sentAtMs }) => {
    return from === node && sentAtMs >= fromMs && sentAtMs <= untilMs;
  });
  const asked = hasAsked ? '' : ' Between the call and its answer it sent no message to any other node.';
  const state = `When it answered, ${nodeAt(run, node, untilMs)}.${asked}`;
  const beginMs = Math.min(fromMs - BEFORE_MS, (newest && answered(newest)) ?? Infinity);
  return {
    paragraphs: [sentences.join(' '), `${state} ${faultsAt(run, untilMs)}`],
    sinceMs: Math.max(beginMs - BEFORE_MS / 5, untilMs - BEFORE_MAX_MS, 0),
    atMs: untilMs,
    key,
  };
}

interface Reading {
  readonly call: Call;
  readonly seenAt: number;
  readonly newest: Version | undefined;
  readonly versions: readonly Version[];
}

function reason({ call, newest, seenAt, versions }: Reading): readonly string[] {
  const { fromMs, node, value: saw } = call;
  const untilMs = call.untilMs ?? fromMs;
  if (newest !== undefined) return stale({ call, seenAt, newest, versions }, newest);
  const seen = versions[seenAt];
  if (saw !== undefined && seen === undefined)
    return [`No entry of the log ever wrote that: the answer came from nowhere that all members share.`];
  const first = seen && Math.min(...Object.values(seen.entry.appliedAtMs));
  if (first !== undefined && first > untilMs)
    return [
      `Entry ${seen!.entry.index}, which wrote it, was applied by nobody before ${times(first)}: ${node} answered with something that was not yet decided.`,
    ];
  return [`No place in the log at which the key held that lies within the time of the call.`];
}

function stale({ call, seenAt, versions }: Reading, newest: Version): readonly string[] {
  const { fromMs, node } = call;
  const { call: write, entry, value } = newest;
  const ackMs = answered(newest)!;
  const seen = versions[seenAt];
  const behind = seen === undefined ? '' : ` behind entry ${seen.entry.index}`;
  const applied = entry.appliedAtMs[node];
  return [
    `That was no longer true. ${said(value)} came after it in the log (entry ${entry.index}${behind}) and had been acknowledged to ${write!.client} by ${write!.node} at ${times(ackMs)}, ${times(fromMs - ackMs)} before the read began.`,
    `A read must see what was acknowledged before it.`,
    applied === undefined
      ? `${node} had not applied entry ${entry.index}, and never did so itself later.`
      : `${node} applied entry ${entry.index} at ${times(applied)}, ${times(Math.abs(applied - fromMs))} ${applied > fromMs ? 'after' : 'before'} the read began.`,
  ];
}

function versionsOf({ calls, entries }: StormRecord, key: string): readonly Version[] {
  const writes = calls.filter((call) => call.what === 'write' && call.key === key);
  return entries.flatMap((entry) => {
    const own = entry.writes.filter((each) => each.key === key);
    return own.flatMap(({ value }) => {
      const tries = writes.filter((write) => write.value === value);
      const call = tries.find(({ end }) => end === 'ok') ?? tries[0];
      const isWithout = tries.some(
        ({ end, said: told }) => end === 'refused' && /^(?:conflict|failed)$/.test(told ?? ''),
      );
      return isWithout ? [] : [{ entry, value, call }];
    });
  });
}

function answered({ call }: Version): number | undefined {
  return call?.end === 'ok' ? call.untilMs : undefined;
}

function said(value: string | undefined): string {
  return value === undefined ? 'that there is nothing' : `“${plain(value)}”`;
}
