import type { NodeId } from '../message/entry.js';
import { jointCommitted, jointVote, type JointQuorum } from '../quorum/joint.js';
import type { AckedIndex, Majority } from '../quorum/majority.js';
import { idSet } from '../tracker/membership.js';
import { describeMajority } from './describe-majority.js';
import { type Directive, parseNumber, ScriptError } from './directive.js';

interface QuorumCase {
  readonly quorum: JointQuorum;
  readonly isJoint: boolean;
  /** What the script says of each id, in written order; `_` is no information. */
  readonly told: ReadonlyMap<NodeId, string>;
}

function readCase(directive: Directive, key: string): QuorumCase {
  const first = directive.ids('cfg');
  const isZero = directive.text('cfgj') === 'zero';
  const second = isZero ? [] : directive.ids('cfgj');
  const ids = [...new Set([...first, ...second])];
  const values = directive.values(key);
  if (ids.length !== values.length) {
    throw new ScriptError(`error: mismatched input for voters [${ids.join(' ')}]: [${values.join(' ')}]`);
  }
  return {
    quorum: { incoming: idSet(first), outgoing: idSet(second) },
    isJoint: isZero || second.length > 0,
    told: new Map(ids.map((id, at) => [id, values[at]!])),
  };
}

const showIndex = (index: number): string => (index === Infinity ? '∞' : String(index));

function committed(directive: Directive): string {
  const { quorum, isJoint, told } = readCase(directive, 'idx');
  const acked = (id: NodeId): number | undefined => {
    const text = told.get(id);
    return text === undefined || text === '_' ? undefined : parseNumber(text);
  };
  const shown = isJoint ? idSet([...quorum.incoming, ...quorum.outgoing]) : quorum.incoming;
  const index = jointCommitted(quorum, acked);
  const table = describeMajority(shown, acked);
  return `${table}${crossCheck(quorum, acked)}${showIndex(index)}\n`;
}

/** Says so if the same question asked another way gets another answer. */
function crossCheck(quorum: JointQuorum, acked: AckedIndex): string {
  const { incoming, outgoing } = quorum;
  const index = jointCommitted(quorum, acked);
  const lowered: AckedIndex = (id) => {
    const own = acked(id);
    return own !== undefined && own < index ? 0 : own;
  };
  const bySearch = Math.min(searchCommitted(incoming, acked), searchCommitted(outgoing, acked));
  const others: readonly [string, number][] = [
    ['an alternative computation', bySearch],
    ['the halves swapped', jointCommitted({ incoming: outgoing, outgoing: incoming }, acked)],
    ['the indexes below it lowered', jointCommitted(quorum, lowered)],
  ];
  const disagreeing = others.filter(([, other]) => other !== index);
  return disagreeing.map(([name, other]) => `${showIndex(other)} <-- via ${name}\n`).join('');
}

/** Tries every acknowledged index instead of sorting them. */
function searchCommitted(voters: Majority, acked: AckedIndex): number {
  if (voters.length === 0) return Infinity;
  const candidates = voters.map((id) => acked(id) ?? 0);
  const isOnQuorum = (index: number): boolean =>
    candidates.filter((other) => other >= index).length * 2 > voters.length;
  return Math.max(0, ...candidates.filter(isOnQuorum));
}

function vote(directive: Directive): string {
  const { quorum, told } = readCase(directive, 'votes');
  const result = jointVote(quorum, (id) => {
    const text = told.get(id);
    return text === 'y' ? true : text === 'n' ? false : undefined;
  });
  return `${result}\n`;
}

/** Runs directives about majorities; nothing is carried from one to the next. */
export function createQuorumRun(): (directive: Directive) => string {
  return (directive) => (directive.block.command === 'vote' ? vote(directive) : committed(directive));
}
