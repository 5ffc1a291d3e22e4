import type { NodeId } from '../message/entry.js';

/** A set of voters of which more than half decide. Ascending, without repeats. */
export type Majority = readonly NodeId[];

/** The highest index a member is known to have; undefined if nothing is known. */
export type AckedIndex = (id: NodeId) => number | undefined;

/** A member's vote; undefined while it is out. */
export type VoteOf = (id: NodeId) => boolean | undefined;

export type VoteResult = 'VotePending' | 'VoteLost' | 'VoteWon';

export const quorumSize = (voters: number): number => Math.floor(voters / 2) + 1;

/**
 * The highest index that a majority has. An empty majority commits everything, so that in a joint membership
 * the missing half never holds the other one back.
 */
export function majorityCommitted(voters: Majority, acked: AckedIndex): number {
  if (voters.length === 0) return Infinity;
  const indexes = voters.map((id) => acked(id) ?? 0).sort((left, right) => left - right);
  return indexes[voters.length - quorumSize(voters.length)]!;
}

/** An empty majority has won, for the same reason. */
export function majorityVote(voters: Majority, voteOf: VoteOf): VoteResult {
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = voteOf(id);
    if (vote === true) granted++;
    if (vote === undefined) missing++;
  }
  const needed = voters.length === 0 ? 0 : quorumSize(voters.length);
  if (granted >= needed) return 'VoteWon';
  return granted + missing >= needed ? 'VotePending' : 'VoteLost';
}
