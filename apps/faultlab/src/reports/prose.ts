import { decodeCommandResults } from '@caisson/formats';
import { clearest, type Finding, RULES } from '../oracles/rules.js';
import type { Call, StormRecord } from '../trace/record.js';
import {
  appliedThen,
  callThen,
  entryOf,
  forbiddenIn,
  promisesOf,
  readsAt,
  sealsOf,
  stallOf,
  tellEntry,
  votesOf,
} from './circumstances.js';
import { MEANING } from './meanings.js';
import { tellRead } from './prose-of-reads.js';
import type { StoredRun } from './stored.js';
import { faultsAt, lastEnd, nodeAt, nodesAt } from './surroundings.js';
import { listed, times } from './words.js';

/** What broke, for somebody who has never seen the program, and from when on it is worth a look. */
export interface Telling {
  readonly paragraphs: readonly string[];
  readonly sinceMs: number;
  readonly atMs: number;
  readonly key?: string;
  /** The rest of what was found, as it was found. */
  readonly listing?: readonly string[];
  /** Of what did not break at once. */
  readonly ending?: string;
}

const BEFORE_MS = 500;
const LONGEST_MS = 4000;
const TEXT_MAX = 3000;

/** Undefined for a run that broke nothing. */
export function tellingOf(run: StoredRun): Telling | undefined {
  const worst = clearest(run.findings);
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

function tellFinding(run: StoredRun, finding: Finding): Telling {
  const { rule } = finding;
  const { record } = run;
  const { slice } = record ?? {};
  // What was judged later broke when it was answered.
  const forbidden = forbiddenIn(run.story ?? [], finding);
  const sliceMs = slice?.finding === run.findings.indexOf(finding) ? slice.atMs : undefined;
  const atMs = sliceMs ?? forbidden?.atMs ?? finding.atMs;
  const text = readable(finding);
  const place = record?.foundAt[run.findings.indexOf(finding)] ?? /^n\d+\b/.exec(text)?.[0];
  // A client stands for no node.
  const lane = place !== undefined && run.lanes?.[place] !== undefined ? place : undefined;
  const who = place === undefined || text.startsWith(place) ? '' : ` at ${place}`;
  const [first = '', ...more] = text.slice(0, TEXT_MAX).split('\n');
  const broke = `At ${times(atMs)}${who}: ${first.replace(/^RangeError: /, '').replace(/\.$/, '')}. Broken: ${RULES[rule].statement} (${rule}).`;
  const end = lane === undefined ? undefined : lastEnd(run, lane, atMs);
  const entry = entryOf(record, text) ?? appliedThen(record, lane, atMs);
  const stall = rule === 'L1' ? stallOf(record, atMs) : undefined;
  const context = [
    ...(lane === undefined ? [nodesAt(run, atMs)] : [`Then, ${nodeAt(run, lane, atMs)}.`, end?.text ?? '']),
    ...(record && entry ? tellEntry(record, entry) : []),
    forbidden === undefined ? '' : `That is: “${forbidden.text}”.`,
    ...(place === undefined || lane !== undefined ? [] : callThen(record, place, atMs)),
    ...readsAt(record, text),
    ...votesOf(record, finding),
    ...sealsOf(record, run.findings.indexOf(finding), finding),
    ...(lane === undefined ? [] : promisesOf(record, lane, finding)),
    rule === 'L1' ? '' : faultsAt(run, atMs),
  ];
  const lines = more.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('at '));
  const sinceMs = Math.max(
    0,
    atMs - LONGEST_MS,
    Math.min(atMs - BEFORE_MS, (end?.atMs ?? atMs) - BEFORE_MS / 5),
  );
  const key = entry?.writes.length === 1 ? entry.writes[0]!.key : keyIn(record, text);
  return {
    paragraphs: [
      [broke, MEANING[rule] ?? ''].filter(Boolean).join(' '),
      context.filter(Boolean).join(' '),
      ...(stall === undefined ? [] : [stall.text]),
    ],
    sinceMs: stall === undefined ? sinceMs : Math.max(0, stall.atMs - BEFORE_MS),
    atMs: stall === undefined ? atMs : Math.min(atMs, stall.atMs + BEFORE_MS * 2),
    ...(key !== undefined && { key }),
    ...(lines.length > 0 && { listing: lines }),
    ...(stall !== undefined && { ending: 'and so it stayed' }),
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

/** A key that a finding names, of those that clients read and write. */
function keyIn(record: StormRecord | undefined, text: string): string | undefined {
  const calls = (record?.calls ?? []).filter(({ what }) => what === 'get' || what === 'write');
  const keys = new Set(calls.flatMap(({ key }) => key ?? []));
  return (text.match(/[\w.-]+/g) ?? []).find((word) => keys.has(word));
}
