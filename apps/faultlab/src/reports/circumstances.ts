import { decodeNonce } from '@caisson/formats';
import type { Finding } from '../oracles/rules.js';
import { type EntryRecord, type StormRecord, tellsOf } from '../trace/record.js';
import { tellCall } from './client-lanes.js';
import { listed, plain, times } from './words.js';
import { tellWork } from './work-lanes.js';

const BEFORE_MS = 500;
const LONG_MS = 4000;

/** When nothing moved any more, and who was left waiting. */
export function stallOf(
  record: StormRecord | undefined,
  atMs: number,
): { atMs: number; text: string } | undefined {
  const last = record?.entries.at(-1);
  const stalledMs = Math.max(0, ...Object.values(last?.appliedAtMs ?? {}));
  if (record === undefined || last === undefined || atMs - stalledMs < LONG_MS) return undefined;
  const waiting = record.calls.filter(({ end, fromMs }) => end === 'open' && fromMs <= stalledMs + BEFORE_MS);
  const first = waiting.find(({ fromMs }) => fromMs >= stalledMs - BEFORE_MS) ?? waiting.at(-1);
  const works = record.works.filter(({ lane, untilMs }) => lane === 'order' && untilMs === undefined);
  const words = [
    `After ${times(stalledMs)} nothing was applied any more: entry ${last.index} was the last, ${times(atMs - stalledMs)} before.`,
    first === undefined ? '' : `Among the calls that nobody ever answered: ${tellCall(first)}.`,
    works.length === 0 ? '' : `Never ended: ${listed(works.slice(0, 4).map(tellWork))}.`,
  ];
  return { atMs: stalledMs, text: words.filter(Boolean).join(' ') };
}

/** The entry that a node was at when something came out there. */
export function appliedThen(
  record: StormRecord | undefined,
  lane: string | undefined,
  atMs: number,
): EntryRecord | undefined {
  if (lane === undefined) return undefined;
  return record?.entries.findLast(({ appliedAtMs }) => appliedAtMs[lane] === atMs);
}

/** Who sealed first, and what the nonce says of itself. */
export function sealsOf(
  record: StormRecord | undefined,
  at: number,
  { rule, text }: Finding,
): readonly string[] {
  const [, nonce] = rule === 'E1' ? (/\b[0-9a-f]{16} ([0-9a-f]{24})\b/.exec(text) ?? []) : [];
  if (nonce === undefined) return [];
  const { count, epoch, nodeId16 } = decodeNonce(Buffer.from(nonce, 'hex'));
  const first = record?.sealedBefore[at];
  return [
    `The nonce says: node ${nodeId16.toString(16)}, epoch ${epoch}, seal ${count} in it; each start of a node needs an epoch of its own.`,
    ...(first === null || first === undefined ? [] : [`The first text under it was sealed by ${first}.`]),
  ];
}

/** The entry that a finding names. */
export function entryOf(record: StormRecord | undefined, text: string): EntryRecord | undefined {
  const [, index] = /(?:applied at|entry|applied|skipped|index) (\d+)/.exec(text) ?? [];
  return record?.entries.find((each) => each.index === Number(index));
}

/** What it wrote, who applied it when, who had asked for it, and what its key held before. */
export function tellEntry({ calls, entries }: StormRecord, entry: EntryRecord): readonly string[] {
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
export function promisesOf(
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
export function votesOf(record: StormRecord | undefined, { rule, text }: Finding): readonly string[] {
  const [, term] = rule === 'R1' ? (/term (\d+)/.exec(text) ?? []) : [];
  if (record === undefined || term === undefined) return [];
  const yes = record.messages.filter(({ what }) => what === `vote in term ${term}: yes`);
  const votes = yes.map(({ from, sentAtMs, to }) => `${from} for ${to} at ${times(sentAtMs)}`);
  const voters = yes.map(({ from }) => from);
  const twice = [...new Set(voters.filter((name, at) => voters.indexOf(name) !== at))];
  const who = twice.length === 0 ? '' : ` ${listed(twice)} voted more than once.`;
  return votes.length === 0 ? [] : [`In term ${term} voted ${listed([...new Set(votes)])}.${who}`];
}

/** The calls as of the moment that a finding names. */
export function readsAt(record: StormRecord | undefined, text: string): readonly string[] {
  const calls = (record?.calls ?? []).filter((call) => tellsOf(text, call));
  const words = calls.slice(0, 6).map(tellCall);
  return words.length === 0 ? [] : [`As of that moment: ${words.join('; ')}.`];
}

/** What a client was calling when something came out there. */
export function callThen(record: StormRecord | undefined, client: string, atMs: number): readonly string[] {
  const call = record?.calls.findLast((each) => {
    return each.client === client && each.fromMs <= atMs && (each.untilMs ?? Infinity) >= atMs;
  });
  return call === undefined ? [] : [`It came with an answer: ${tellCall(call)}.`];
}

/** What the story tells, and should not. */
export function forbiddenIn(story: readonly Told[], { rule, text }: Finding): Told | undefined {
  const [, pattern] = rule === 'H8' ? (/^the story tells of (.+)$/.exec(text) ?? []) : [];
  return pattern === undefined ? undefined : story.find((word) => new RegExp(pattern).test(word.text));
}

interface Told {
  readonly atMs: number;
  readonly text: string;
}
