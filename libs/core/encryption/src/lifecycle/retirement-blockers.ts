import type { CaissonError, KeyBlocker, KeyReferences, StateLease } from '@caisson/contracts';
import type { MemberReferences } from './reference-poll.js';

/** What the leader had applied when it began to ask. */
export interface LeaderMoment {
  readonly stateIndex: number;
  readonly applied: number;
}

type Blocker = Omit<KeyBlocker, 'member'>;

const REWRITE = 'caisson encryption rewrite --all --wait';
const SCRUB = 'caisson encryption scrub';

/** Everything that stands in the way of a key's end, member by member. */
export function blockersOf(
  answers: readonly MemberReferences[],
  leader: LeaderMoment,
): readonly KeyBlocker[] {
  return answers.flatMap((answer) => {
    const found = 'error' in answer ? [unreachable(answer.error)] : blockersAt(answer.found, leader);
    return found.map((blocker) => ({ member: answer.name, ...blocker }));
  });
}

/** Members on which the bytes of a retired key are left, or may be. */
export function remainsOf(answers: readonly MemberReferences[]): readonly KeyBlocker[] {
  const next = 'nothing: the member erases them by itself once nothing there is under the key';
  return answers.flatMap((answer): readonly KeyBlocker[] => {
    const { name: member } = answer;
    if ('error' in answer) return [{ member, ...unreachable(answer.error), next }];
    if (!answer.found.isHeld) return [];
    const problem = 'the key’s bytes are still there';
    return [{ member, what: 'bytes', problem, next }];
  });
}

export function inWords({ member, problem, next }: KeyBlocker): string {
  return `${member}: ${problem}; ${next}`;
}

function unreachable({ code, details }: CaissonError): Blocker {
  const why = details['problem'] ?? details['reason'];
  return {
    what: 'unreachable',
    problem: `does not say what it has: ${typeof why === 'string' ? `${code}, ${why}` : code}`,
    next: 'bring it back, or remove it from the cluster',
  };
}

function blockersAt(found: KeyReferences, leader: LeaderMoment): readonly Blocker[] {
  const { stateIndex, applied } = found;
  if (applied < leader.applied || stateIndex !== leader.stateIndex) {
    const next = 'wait until it has caught up: caisson cluster status --wait';
    return [{ what: 'behind', problem: `has applied ${applied}, the leader ${leader.applied}`, next }];
  }
  return found.purpose === 'raft' ? inTheLog(found) : inTheStore(found);
}

/** A log that begins at or above the last use holds nothing under the key. */
function inTheLog({ logStart, lastUse }: KeyReferences): readonly Blocker[] {
  if (logStart >= lastUse) return [];
  const problem = `its log begins at ${logStart + 1}, and entries up to ${lastUse} may be under the key`;
  return [{ what: 'log', count: lastUse - logStart, problem, next: SCRUB }];
}

function inTheStore({
  values,
  intents,
  unreadable,
  isCursorTarget,
  leases,
}: KeyReferences): readonly Blocker[] {
  const blockers: Blocker[] = [];
  const add = (what: Blocker['what'], count: number, problem: string, next: string) => {
    if (count > 0) blockers.push({ what, count, problem: `${count} ${problem}`, next });
  };
  add('values', values, 'values are under the key', REWRITE);
  add('intents', intents, 'locks and intents are under the key', REWRITE);
  const rebuild = 'rebuild the member: remove it, and let it join anew';
  add('unreadable', unreadable, 'values are damaged, so that nobody can tell their key', rebuild);
  if (isCursorTarget) {
    blockers.push({ what: 'rewrite', problem: 'values are being rewritten to this very key', next: REWRITE });
  }
  return [...blockers, ...leases.flatMap(ofLease)];
}

function ofLease({ kind, index, values }: StateLease): readonly Blocker[] {
  if (values === 0) return [];
  if (kind === 'incoming') {
    const problem = 'it receives a snapshot, of which nobody can tell yet what is in it';
    return [{ what: 'snapshot', problem, next: 'wait until it is in force' }];
  }
  const holds = `as of ${index} holds ${values ?? 'unknown'} values under the key`;
  const problem = kind === 'backup' ? `a backup ${holds}` : `a snapshot that is being sent ${holds}`;
  const next = kind === 'backup' ? 'wait for its end, or give it up' : 'wait until it has arrived';
  return [{ what: kind, ...(values !== undefined && { count: values }), problem, next }];
}
