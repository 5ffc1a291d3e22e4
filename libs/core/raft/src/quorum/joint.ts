import {
  type AckedIndex,
  type Majority,
  majorityCommitted,
  majorityVote,
  type VoteOf,
  type VoteResult,
} from './majority.js';

/** Two majorities that must both agree. Outside a joint change the second is empty and always agrees. */
export interface JointQuorum {
  readonly incoming: Majority;
  readonly outgoing: Majority;
}

export const jointCommitted = (quorum: JointQuorum, acked: AckedIndex): number =>
  Math.min(majorityCommitted(quorum.incoming, acked), majorityCommitted(quorum.outgoing, acked));

export function jointVote(quorum: JointQuorum, voteOf: VoteOf): VoteResult {
  const incoming = majorityVote(quorum.incoming, voteOf);
  const outgoing = majorityVote(quorum.outgoing, voteOf);
  if (incoming === outgoing) return incoming;
  return incoming === 'VoteLost' || outgoing === 'VoteLost' ? 'VoteLost' : 'VotePending';
}
