/** Renderings of members, memberships and changes, for log lines and tools. Not for parsing. */
import type { ConfChange, ConfChangeKind, ConfChangeTransition } from '../message/conf-change.js';
import type { NodeId } from '../message/entry.js';
import type { Membership } from '../tracker/membership.js';
import type { Progress } from '../tracker/progress.js';

export const hex = (id: NodeId): string => id.toString(16);

const hexes = (ids: readonly NodeId[]): string => ids.map(hex).join(' ');

export function describeMembership(membership: Membership): string {
  const { incoming, outgoing, learners, learnersNext, autoLeave } = membership;
  const parts = [`voters=(${hexes(incoming)})`];
  if (outgoing.length > 0) parts[0] += `&&(${hexes(outgoing)})`;
  if (learners.length > 0) parts.push(`learners=(${hexes(learners)})`);
  if (learnersNext.length > 0) parts.push(`learners_next=(${hexes(learnersNext)})`);
  if (autoLeave) parts.push('autoleave');
  return parts.join(' ');
}

export function describeProgress(progress: Progress): string {
  const parts = [`${progress.state} match=${progress.match} next=${progress.next}`];
  if (progress.isLearner) parts.push('learner');
  if (progress.isPaused) parts.push('paused');
  if (progress.pendingSnapshot > 0) parts.push(`pendingSnap=${progress.pendingSnapshot}`);
  if (!progress.recentActive) parts.push('inactive');
  const { count, isFull } = progress.inflights;
  if (count > 0) parts.push(`inflight=${count}${isFull ? '[full]' : ''}`);
  return parts.join(' ');
}

const TRANSITION_NAMES: Readonly<Record<ConfChangeTransition, string>> = {
  auto: 'ConfChangeTransitionAuto',
  implicit: 'ConfChangeTransitionJointImplicit',
  explicit: 'ConfChangeTransitionJointExplicit',
};

const KIND_NAMES: Readonly<Record<ConfChangeKind, string>> = {
  'add-voter': 'ConfChangeAddNode',
  remove: 'ConfChangeRemoveNode',
  update: 'ConfChangeUpdateNode',
  'add-learner': 'ConfChangeAddLearnerNode',
};

export function describeConfChange(change: ConfChange): string {
  const parts = [`transition:${TRANSITION_NAMES[change.transition]}`];
  for (const { kind, id } of change.changes) parts.push(`changes:{type:${KIND_NAMES[kind]} node_id:${id}}`);
  if (change.context.length > 0) parts.push(`context:${quoteBytes(change.context)}`);
  return parts.join(' ');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
};

/** Bytes in double quotes, printable ASCII as it is, the rest escaped. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    const isPlain = byte >= 0x20 && byte < 0x7f;
    text += ESCAPES[char] ?? (isPlain ? char : `\\x${byte.toString(16).padStart(2, '0')}`);
  }
  return `${text}"`;
}
