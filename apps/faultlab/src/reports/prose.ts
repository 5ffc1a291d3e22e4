import { type Finding, gravest, RULES, type RuleId } from '../oracles/rules.js';
import type { Call, StormRecord } from '../trace/record.js';
import { tellRead } from './prose-of-reads.js';
import type { StoredRun } from './stored.js';
import { faultsAt, lastStart, nodeAt, nodesAt } from './surroundings.js';
import { listed, plain, times } from './words.js';

/** What broke, for somebody who has never seen the program, and from when on it is worth a look. */
export interface Telling {
  readonly paragraphs: readonly string[];
  readonly sinceMs: number;
  readonly atMs: number;
  readonly key?: string;
}

const BEFORE_MS = 1000;
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
  const { atMs, rule, text } = finding;
  const { record } = run;
  const at = run.findings.indexOf(finding);
  const lane = record?.foundAt[at] ?? /\bn\d+\b/.exec(text)?.[0];
  const who = lane === undefined ? '' : ` at ${lane}`;
  const [first = '', ...more] = text.slice(0, TEXT_MAX).split('\n');
  const broke = `At ${times(atMs)}${who}: ${first}. Broken: ${RULES[rule].statement} (${rule}).`;
  const beginMs = rule === 'L1' ? (record?.slice?.atMs ?? atMs) : atMs;
  const context = [
    ...(lane === undefined
      ? [nodesAt(run, atMs)]
      : [`Then, ${nodeAt(run, lane, atMs)}.`, lastStart(run, lane, atMs)]),
    ...entryOf(record, text),
    ...votesOf(record, finding),
    rule === 'L1' ? '' : faultsAt(run, atMs),
  ];
  const listing = rule === 'L1' ? more.map((line) => line.trim()).filter(Boolean) : [];
  return {
    paragraphs: [
      [broke, MEANING[rule] ?? ''].filter(Boolean).join(' '),
      context.filter(Boolean).join(' '),
      ...(listing.length === 0 ? [] : [`How they stood: ${listing.join('; ')}.`]),
    ],
    sinceMs: Math.max(0, beginMs - BEFORE_MS),
    atMs,
  };
}

/** The entry that a finding names: what it wrote, and who applied it when. */
function entryOf(record: StormRecord | undefined, text: string): readonly string[] {
  const [, index] = /(?:applied at|entry|applied|skipped|index) (\d+)/.exec(text) ?? [];
  const entry = record?.entries.find((each) => each.index === Number(index));
  if (entry === undefined) return [];
  const writes = entry.writes.map(({ key, value }) => `${key} = ${plain(value ?? 'nothing')}`);
  const what = writes.length === 0 ? '' : ` (${listed(writes.slice(0, 4))})`;
  const times_ = Object.entries(entry.appliedAtMs).sort(([, a], [, b]) => a - b);
  const who = times_.map(([node, ms]) => `${node} at ${times(ms)}`);
  return [`Entry ${entry.index} of term ${entry.term}${what} was applied by ${listed(who)}.`];
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
  const none = nodes.filter((node) => slice.untilMs[node] === undefined);
  const words = reach.map((node) => `${node} to ${times(slice.untilMs[node]!)}`);
  const without = none.length === 0 ? '' : ` ${listed(none)} had no part in it.`;
  return [
    `What could have had an influence on it, through messages from node to node, reaches on ${listed(words)}; the rest is dimmed below.${without}`,
  ];
}
