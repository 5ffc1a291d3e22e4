/** Renderings of what nodes exchange and hand out, for tools and test scripts. Not for parsing. */
import { decodeConfChange, type ConfChangeKind } from '../message/conf-change.js';
import { APPEND_THREAD, APPLY_THREAD, type Entry, type NodeId, NONE } from '../message/entry.js';
import type { Message } from '../message/message.js';
import { type ConfState, type HardState, isEmptyHardState, type Snapshot } from '../message/state.js';
import type { Ready } from '../ready/ready.js';
import { hex, quoteBytes } from './describe-state.js';

const TOKENS: Readonly<Record<ConfChangeKind, string>> = {
  'add-voter': 'v',
  'add-learner': 'l',
  remove: 'r',
  update: 'u',
};

function describePayload(entry: Entry): string {
  if (entry.type === 'EntryNormal') return quoteBytes(entry.data);
  const change = decodeConfChange(entry);
  if (change === undefined) return '?';
  return change.changes.map(({ kind, id }) => `${TOKENS[kind]}${id}`).join(' ');
}

export const describeEntry = (entry: Entry): string =>
  `${entry.term}/${entry.index} ${entry.type} ${describePayload(entry)}`.trimEnd();

export const describeEntries = (entries: readonly Entry[]): string =>
  entries.map((entry) => `${describeEntry(entry)}\n`).join('');

export function describeHardState(state: HardState): string {
  const vote = state.vote === NONE ? '' : ` Vote:${state.vote}`;
  return `Term:${state.term}${vote} Commit:${state.commit}`;
}

export function describeConfState(state: ConfState): string {
  const list = (ids: readonly NodeId[]): string => `[${ids.join(' ')}]`;
  const voters = `Voters:${list(state.voters)} VotersOutgoing:${list(state.votersOutgoing)}`;
  const learners = `Learners:${list(state.learners)} LearnersNext:${list(state.learnersNext)}`;
  return `${voters} ${learners} AutoLeave:${state.autoLeave}`;
}

export const describeSnapshot = (snapshot: Snapshot): string =>
  `Index:${snapshot.index} Term:${snapshot.term} ConfState:${describeConfState(snapshot.confState)}`;

export function describeTarget(id: NodeId): string {
  if (id === NONE) return 'None';
  if (id === APPEND_THREAD) return 'AppendThread';
  return id === APPLY_THREAD ? 'ApplyThread' : hex(id);
}

/** Lines after the first start with `indent`. */
export function describeMessage(message: Message, indent = ''): string {
  const { from, to, type, term, logTerm, index, entries, snapshot, responses } = message;
  let text = `${describeTarget(from)}->${describeTarget(to)} ${type} Term:${term} Log:${logTerm}/${index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (message.vote !== NONE) text += ` Vote:${message.vote}`;
  if (entries.length === 1) text += ` Entries:[${describeEntry(entries[0]!)}]`;
  if (entries.length > 1) {
    const lines = entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`).join('');
    text += ` Entries:[${lines}\n${indent}]`;
  }
  if (snapshot !== undefined && snapshot.index !== 0) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(snapshot)}`;
  }
  if (responses.length > 0) {
    const lines = responses.map((one) => `\n${indent}  ${describeMessage(one, `${indent}  `)}`).join('');
    text += ` Responses:[${lines}\n${indent}]`;
  }
  return text;
}

export function describeReady(ready: Ready): string {
  const { softState, hardState, snapshot, readStates } = ready;
  const lines: string[] = [];
  if (softState !== undefined) lines.push(`Lead:${softState.lead} State:${softState.role}`);
  if (hardState !== undefined && !isEmptyHardState(hardState)) {
    lines.push(`HardState ${describeHardState(hardState)}`);
  }
  if (readStates.length > 0) {
    const states = readStates.map(({ index, context }) => `{${index} ${quoteBytes(context)}}`);
    lines.push(`ReadStates [${states.join(' ')}]`);
  }
  if (ready.entries.length > 0) lines.push('Entries:', ...ready.entries.map(describeEntry));
  if (snapshot !== undefined) lines.push(`Snapshot ${describeSnapshot(snapshot)}`);
  if (ready.committedEntries.length > 0) {
    lines.push('CommittedEntries:', ...ready.committedEntries.map(describeEntry));
  }
  if (ready.messages.length > 0)
    lines.push('Messages:', ...ready.messages.map((one) => describeMessage(one)));
  if (lines.length === 0) return '<empty Ready>';
  return [`Ready MustSync=${ready.mustSync}:`, ...lines, ''].join('\n');
}
