import { clearest, type Finding } from '../oracles/rules.js';
import { type Horizon, isWithin, type Mark } from './happened-before.js';
import type { NotedCall } from './client-calls.js';
import { type Slice, type StormRecord, tellsOf } from './record.js';
import type { Place, Recorder } from './recorder.js';

/** More would make a report that nobody opens. */
const CALLS_MAX = 2500;
const MESSAGES_MAX = 1500;
const WORKS_MAX = 800;
const ENTRIES_MAX = 1500;
const REACHED_MAX = 600;

/** What was recorded of a storm that is over, with the past of the gravest of what broke. */
export function finished(recorder: Recorder, findings: readonly Finding[]): StormRecord {
  const leftOut: string[] = [];
  const worst = clearest(findings);
  const place = worst && placeOf(recorder, worst);
  // What stood still did so long before anybody said so.
  const aroundMs = place?.atMs ?? (worst?.rule === 'L1' ? lastMoveMs(recorder) : worst?.atMs) ?? 0;
  const isPast = (mark: Mark) => place === undefined || isWithin(place.horizon, mark);
  const nearest = <T>(name: string, items: readonly T[], max: number, atOf: (item: T) => number): T[] => {
    if (items.length <= max) return [...items];
    leftOut.push(`${items.length - max} of ${items.length} ${name}, those that are farthest in time`);
    const byDistance = items.toSorted((a, b) => Math.abs(atOf(a) - aroundMs) - Math.abs(atOf(b) - aroundMs));
    const kept = new Set(byDistance.slice(0, max));
    return items.filter((item) => kept.has(item));
  };
  const messages = nearest('messages', recorder.messages, MESSAGES_MAX, ({ sentAtMs }) => sentAtMs);
  if (recorder.signsOfLife > 0) leftOut.push(`${recorder.signsOfLife} signs of life between members`);
  const nodes = [...recorder.nodes].map(([name, { reached, standings }]) => {
    const kept = nearest(`positions of ${name}`, reached, REACHED_MAX, ({ atMs }) => atMs);
    return [name, { standings, reached: kept }] as const;
  });
  return {
    calls: nearest('calls of clients', recorder.calls.all, CALLS_MAX, ({ fromMs }) => fromMs).map(
      ({ heard: _, horizon: __, mark, ...call }) => ({ ...call, isPast: isPast(mark) }),
    ),
    works: nearest('works of nodes', recorder.works, WORKS_MAX, ({ fromMs }) => fromMs).map(
      ({ mark, ...work }) => ({ ...work, isPast: isPast(mark) }),
    ),
    nodes: Object.fromEntries(nodes),
    entries: nearest('entries', recorder.entries.all, ENTRIES_MAX, ({ appliedAtMs }) =>
      Math.min(...Object.values(appliedAtMs)),
    ),
    messages: messages.map(({ heard, mark, ...message }) => ({ ...message, isPast: isPast(heard ?? mark) })),
    foundAt: findings.map((finding) => recorder.places.get(finding)?.lane ?? null),
    sealedBefore: findings.map((finding) => recorder.more.get(finding) ?? null),
    ...(worst && place && { slice: sliceOf(recorder, place, findings.indexOf(worst)) }),
    leftOut,
  };
}

/** When the last entry was applied that anybody applied. */
function lastMoveMs({ entries }: Recorder): number {
  return Math.max(0, ...Object.values(entries.all.at(-1)?.appliedAtMs ?? {}));
}

/** Where it came out; what an answer broke came out with the answer, however much later it was judged. */
function placeOf({ calls, places }: Recorder, finding: Finding): Place | undefined {
  const call = calls.all.findLast((each) => isAbout(each, finding));
  if (call?.horizon === undefined || call.untilMs === undefined) return places.get(finding);
  return { lane: call.client, atMs: call.untilMs, horizon: call.horizon };
}

/** Whether it is the answer that a finding is about, or one as of the moment that it names. */
function isAbout(call: NotedCall, { about, text }: Finding): boolean {
  const { client, end, key, untilMs, value } = call;
  if (end !== 'ok') return false;
  if (about === undefined) return tellsOf(text, call);
  const isSame = key === about.key && untilMs === about.untilMs && value === about.saw;
  return isSame && (about.client ?? client) === client;
}

/** On each lane the time of the last step that is in the past. */
function sliceOf(recorder: Recorder, { atMs, horizon, lane }: Place, finding: number): Slice {
  const untilMs: Record<string, number> = {};
  const reach = (mark: Mark, ms: number, within: Horizon) => {
    if (isWithin(within, mark)) untilMs[mark.lane] = Math.max(untilMs[mark.lane] ?? 0, ms);
  };
  for (const { fromMs, heard, mark } of recorder.calls.all) {
    reach(mark, fromMs, horizon);
    reach(heard, fromMs, horizon);
  }
  for (const { arrivedAtMs, heard, mark, sentAtMs } of recorder.messages) {
    reach(mark, sentAtMs, horizon);
    if (heard !== undefined && arrivedAtMs !== undefined) reach(heard, arrivedAtMs, horizon);
  }
  untilMs[lane] = atMs;
  return { finding, lane, atMs, untilMs };
}
