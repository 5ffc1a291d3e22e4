import { spansOf } from './spans.js';
import type { StoredRun } from './stored.js';
import { listed, times } from './words.js';

const LATELY_MS = 1000;
const NAMED_MAX = 6;
/** For a node to know that it leads no more, and to others that nobody does. */
const STATES = { down: 'was down', starts: 'was starting', serves: 'served', leads: 'led' } as const;

/** What was wrong at a time: faults that lasted, and those of the second before. */
export function faultsAt(run: StoredRun, atMs: number): string {
  const lasting = spansOf(run).filter(({ fromMs, untilMs }) => fromMs <= atMs && untilMs >= atMs);
  const force = lasting.slice(-NAMED_MAX).map(({ fromMs, text }) => `“${text}” since ${times(fromMs)}`);
  const names = new Set(lasting.map(({ text }) => text));
  const done = (run.story ?? []).filter(({ atMs: ms, kind, text }) => {
    return kind !== undefined && ms <= atMs && ms > atMs - LATELY_MS && !names.has(text);
  });
  const lately = done.slice(-NAMED_MAX).map(({ atMs: ms, text }) => `“${text}” at ${times(ms)}`);
  const sentences = [
    force.length === 0 ? 'No fault that lasts was in force then.' : `In force then: ${listed(force)}.`,
    lately.length === 0 ? '' : `In the second before: ${listed(lately)}.`,
  ];
  return sentences.filter(Boolean).join(' ');
}

/** How a node stood at a time, and what it believed. */
export function nodeAt({ lanes = {}, record }: StoredRun, node: string, atMs: number): string {
  const state = lanes[node]?.findLast((change) => change.atMs <= atMs);
  const standing = record?.nodes[node]?.standings.findLast((each) => each.atMs <= atMs);
  const reached = record?.nodes[node]?.reached.findLast((each) => each.atMs <= atMs);
  if (state === undefined) return `${node} was not there yet`;
  const words = [`${node} ${STATES[state.state]} (since ${times(state.atMs)})`];
  if (state.state === 'down' || state.state === 'starts') return words.join('');
  if (standing !== undefined) words.push(`in term ${standing.term}`);
  if (state.state === 'serves')
    words.push(standing?.leader === undefined ? 'and knew of no leader' : `led by ${standing.leader}`);
  if (reached !== undefined) words.push(`and had applied the log up to entry ${reached.applied}`);
  if (standing?.halted !== undefined) words.push(`and had halted: ${standing.halted}`);
  return words.join(' ');
}

/** All of them, in one sentence. */
export function nodesAt(run: StoredRun, atMs: number): string {
  const words = Object.keys(run.lanes ?? {}).map((node) => nodeAt(run, node, atMs));
  return words.length === 0 ? '' : `${words.join('; ')}.`;
}

/** When a process of a node ended last before a time, by what, and when the next one was there. */
export function lastEnd({ lanes = {}, story = [] }: StoredRun, node: string, atMs: number): End | undefined {
  const changes = (lanes[node] ?? []).filter((change) => change.atMs <= atMs);
  const down = changes.findLast(({ state }, at) => state === 'down' && at > 0);
  if (down === undefined) return undefined;
  const back = changes.find((change) => change.atMs > down.atMs && change.state !== 'down');
  const ended = story.findLast(
    (word) => word.kind !== undefined && word.atMs <= down.atMs && namesIt(word, node),
  );
  const why =
    ended === undefined ? '' : ` (the last that was done to it: “${ended.text}” at ${times(ended.atMs)})`;
  const until = back === undefined ? 'and had not come back' : `and was back at ${times(back.atMs)}`;
  return { atMs: down.atMs, text: `${node} had gone down at ${times(down.atMs)}${why} ${until}.` };
}

export interface End {
  readonly atMs: number;
  readonly text: string;
}

function namesIt({ text }: { readonly text: string }, node: string): boolean {
  return new RegExp(`\\b(?:${node}|all)\\b`).test(text);
}
