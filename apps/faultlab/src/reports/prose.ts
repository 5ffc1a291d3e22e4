import { decodeCommandResults } from '@caisson/formats';
import { type Finding, gravest, RULES, type RuleId } from '../oracles/rules.js';
import type { Call, EntryRecord, StormRecord } from '../trace/record.js';
import { tellCall } from './client-lanes.js';
import { tellRead } from './prose-of-reads.js';
import type { StoredRun } from './stored.js';
import { faultsAt, lastEnd, nodeAt, nodesAt } from './surroundings.js';
import { listed, plain, times } from './words.js';

/** What broke, for somebody who has never seen the program, and from when on it is worth a look. */
export interface Telling {
  readonly paragraphs: readonly string[];
  readonly sinceMs: number;
  readonly atMs: number;
  readonly key?: string;
}

const BEFORE_MS = 500;
const LONGEST_MS = 4000;
const TEXT_MAX = 600;

/** Undefined for a run that broke nothing. */
export function tellingOf(run: StoredRun): Telling | undefined {
  const worst = gravest(run.findings);
  if (worst === undefined) return undefined;
  const { record } = run;
  const call = record && callOf(record, worst, run.findings);
  const told = record && call ? tellRead(run, record, call) : tellFinding(run, worst);
  return { ...told, paragraphs: [...told.paragraphs, ...tellSlice(record)] };
}

function callOf(
  { calls }: StormRecord,
  { about, rule, text }: Finding,
  all: readonly Finding[],
): Call | undefined {
  const sibling =
    rule === 'T1' ? all.find((each) => each.about && text.startsWith(each.about.key)) : undefined;
  const wanted = about ?? sibling?.about;
  return calls.find(({ end, key, untilMs, value, what }) => {
    const isSame = what === 'get' && end === 'ok' && key === wanted?.key && untilMs === wanted?.untilMs;
    return wanted !== undefined && isSame && value === wanted.saw;
  });
}

/** Why it matters, where the statement of the rule does not say it. */
const MEANING: Readonly<Partial<Record<RuleId, string>>> = {
  R1: 'A majority elects a leader, and each member votes once in a term: two leaders of one term would decide two histories.',
  R3: 'Members that apply different entries at one place of the log hold different data from then on.',
  R4: 'A member that leaves out an entry, or takes one twice, holds other data than the rest.',
  R5: 'The same entry has to come to the same on every member: otherwise their data differ from here on.',
  R8: 'A member that forgets its vote, its term or what it has confirmed can help to decide against what was decided.',
  T1: 'No order of the operations, each at some moment between its call and its answer, explains what clients saw.',
  E1: 'Whoever has both texts as they were sealed learns what they differ in, and can forge others under this key.',
  E5: 'Whoever reads the disk, the wire or the logs can read what a user stored.',
  E6: 'Whoever has the key can read everything that was sealed with it.',
  L1: 'The storm was over: nothing was wrong any more, and what has to happen then did not happen in time.',
  L5: 'A node or a client met an error that none of the faults explains.',
};

function tellFinding(run: StoredRun, finding: Finding): Telling {
  const { atMs, rule } = finding;
  const { record } = run;
  const text = readable(finding);
  const lane = record?.foundAt[run.findings.indexOf(finding)] ?? /^n\d+\b/.exec(text)?.[0];
  const who = lane === undefined || text.startsWith(lane) ? '' : ` at ${lane}`;
  const [first = '', ...more] = text.slice(0, TEXT_MAX).split('\n');
  const broke = `At ${times(atMs)}${who}: ${first.replace(/\.$/, '')}. Broken: ${RULES[rule].statement} (${rule}).`;
  const end = lane === undefined ? undefined : lastEnd(run, lane, atMs);
  const entry = entryOf(record, text);
  const context = [
    ...(lane === undefined ? [nodesAt(run, atMs)] : [`Then, ${nodeAt(run, lane, atMs)}.`, end?.text ?? '']),
    ...(record && entry ? tellEntry(record, entry) : []),
    ...votesOf(record, finding),
    ...(lane === undefined ? [] : promisesOf(record, lane, finding)),
    rule === 'L1' ? '' : faultsAt(run, atMs),
  ];
  const listing = rule === 'L1' ? more.map((line) => line.trim()).filter(Boolean) : [];
  const sinceMs = Math.max(
    0,
    atMs - LONGEST_MS,
    Math.min(atMs - BEFORE_MS, (end?.atMs ?? atMs) - BEFORE_MS / 5),
  );
  const key = entry?.writes.length === 1 ? entry.writes[0]!.key : undefined;
  return {
    paragraphs: [
      [broke, MEANING[rule] ?? ''].filter(Boolean).join(' '),
      context.filter(Boolean).join(' '),
      ...(listing.length === 0 ? [] : [`How they stood: ${listing.join('; ')}.`]),
    ],
    sinceMs,
    atMs,
    ...(key !== undefined && { key }),
  };
}

/** What entries came to, and rows, stand in findings as they are stored. */
function readable({ rule, text }: Finding): string {
  const read = { R5: outcomesIn, T10: lettersIn }[rule as string];
  return read === undefined ? text : text.replace(/\b(?:[0-9a-f]{2}){5,}\b/g, read);
}

function outcomesIn(hex: string): string {
  try {
    const outcomes = decodeCommandResults(Buffer.from(hex, 'hex'));
    return outcomes.map(({ kind }) => kind).join(' + ');
  } catch {
    return hex;
  }
}

/** A row by the letters in it, where it has any to speak of. */
function lettersIn(hex: string): string {
  const letters = Buffer.from(hex, 'hex')
    .toString('latin1')
    .match(/[!-~]{4,}/g);
  return letters === null ? hex : `“${letters.join(' ')}”`;
}

/** The entry that a finding names. */
function entryOf(record: StormRecord | undefined, text: string): EntryRecord | undefined {
  const [, index] = /(?:applied at|entry|applied|skipped|index) (\d+)/.exec(text) ?? [];
  return record?.entries.find((each) => each.index === Number(index));
}

/** What it wrote, who applied it when, who had asked for it, and what its key held before. */
function tellEntry({ calls, entries }: StormRecord, entry: EntryRecord): readonly string[] {
  const { appliedAtMs, index, term, writes } = entry;
  const words = writes.map(({ key, value }) => `${key} = ${plain(value ?? 'nothing')}`);
  const what = words.length === 0 ? '' : ` (${listed(words.slice(0, 4))})`;
  const byTime = Object.entries(appliedAtMs).sort(([, a], [, b]) => a - b);
  const who = byTime.map(([node, ms]) => `${node} at ${times(ms)}`);
  const [first] = writes;
  if (first === undefined) return [`Entry ${index} of term ${term} was applied by ${listed(who)}.`];
  const asked = calls.findLast(
    ({ key, value, what: kind }) => kind === 'write' && key === first.key && value === first.value,
  );
  const before = entries.findLast(
    (each) => each.index < index && each.writes.some(({ key }) => key === first.key),
  );
  const held = before?.writes.findLast(({ key }) => key === first.key);
  return [
    `Entry ${index} of term ${term}${what} was applied by ${listed(who)}.`,
    ...(asked === undefined ? [] : [`Asked for it had ${tellCall(asked)}.`]),
    ...(held === undefined
      ? []
      : [`Before it, entry ${before!.index} wrote ${held.key} = ${plain(held.value ?? 'nothing')}.`]),
  ];
}

/** What a node had told others that it keeps, where a finding is that it does not. */
function promisesOf(
  record: StormRecord | undefined,
  lane: string,
  { rule, text }: Finding,
): readonly string[] {
  const [, index] = rule === 'R8' ? (/(\d+) was durable/.exec(text) ?? []) : [];
  const said = record?.messages.findLast(({ from, what }) => {
    const [, to] = /appended to (\d+)/.exec(what) ?? [];
    return from === lane && to !== undefined && Number(to) >= Number(index ?? Infinity);
  });
  return said === undefined ? [] : [`It had told ${said.to} at ${times(said.sentAtMs)} (“${said.what}”).`];
}

/** Who voted for whom in the term that has two leaders. */
function votesOf(record: StormRecord | undefined, { rule, text }: Finding): readonly string[] {
  const [, term] = rule === 'R1' ? (/term (\d+)/.exec(text) ?? []) : [];
  if (record === undefined || term === undefined) return [];
  const yes = record.messages.filter(({ what }) => what === `vote in term ${term}: yes`);
  const votes = yes.map(({ from, sentAtMs, to }) => `${from} for ${to} at ${times(sentAtMs)}`);
  const voters = yes.map(({ from }) => from);
  const twice = [...new Set(voters.filter((name, at) => voters.indexOf(name) !== at))];
  const who = twice.length === 0 ? '' : ` ${listed(twice)} voted more than once.`;
  return votes.length === 0 ? [] : [`In term ${term} voted ${listed([...new Set(votes)])}.${who}`];
}

/** How far the past of it reaches on each lane. */
function tellSlice(record: StormRecord | undefined): readonly string[] {
  const { slice } = record ?? {};
  if (record === undefined || slice === undefined) return [];
  const nodes = Object.keys(record.nodes);
  const reach = nodes.filter((node) => slice.untilMs[node] !== undefined);
  const isThere = (node: string) => (record.nodes[node]?.standings[0]?.atMs ?? Infinity) <= slice.atMs;
  const none = nodes.filter((node) => slice.untilMs[node] === undefined && isThere(node));
  const words = reach.map((node) => `${node} to ${times(slice.untilMs[node]!)}`);
  const without = none.length === 0 ? '' : ` ${listed(none)} had no part in it.`;
  return [
    `What could have had an influence on it, through messages from node to node, reaches on ${listed(words)}; the rest is dimmed below.${without}`,
  ];
}
