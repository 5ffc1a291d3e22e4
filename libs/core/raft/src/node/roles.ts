import { invariant } from '@caisson/base';
import { hex } from '../debug/describe-state.js';
import { NO_DATA, type NodeId, NONE, unplacedEntry } from '../message/entry.js';
import { ReadQueue } from '../reads/read-queue.js';
import { Progress } from '../tracker/progress.js';
import { appendOwn } from './append.js';
import type { Raft } from './raft.js';

export function resetElectionTimeout(raft: Raft): void {
  const { electionTick, random } = raft.options;
  raft.randomizedElectionTimeout = electionTick + random(electionTick);
}

/** Forgets everything that belongs to a role or a term. Nothing learnt as leader outlives the leadership. */
function reset(raft: Raft, term: number): void {
  if (raft.term !== term) {
    raft.term = term;
    raft.vote = NONE;
  }
  raft.lead = NONE;
  raft.electionElapsed = 0;
  raft.heartbeatElapsed = 0;
  resetElectionTimeout(raft);
  raft.transferee = NONE;
  raft.isLeaseForfeited = false;
  raft.pendingConfIndex = 0;
  raft.uncommittedSize = 0;
  raft.readQueue = new ReadQueue();
  raft.postponedReads = [];
  raft.tracker.resetVotes();
  resetProgress(raft);
}

function resetProgress(raft: Raft): void {
  const { tracker } = raft;
  const last = raft.log.lastIndex();
  const fresh = tracker.ids.map((id): [NodeId, Progress] => {
    const { isLearner } = tracker.of(id)!;
    const match = id === raft.id ? last : 0;
    const inflights = tracker.newInflights();
    return [id, new Progress({ match, next: last + 1, inflights, isLearner, recentActive: false })];
  });
  tracker.install(tracker.membership, new Map(fresh));
}

export function becomeFollower(raft: Raft, term: number, lead: NodeId): void {
  reset(raft, term);
  raft.role = 'StateFollower';
  raft.lead = lead;
  raft.say('info', `${hex(raft.id)} became follower at term ${term}`);
  raft.trace('BecomeFollower');
}

export function becomeCandidate(raft: Raft): void {
  invariant('RAFT-15', raft.role !== 'StateLeader', 'a leader became candidate');
  reset(raft, raft.term + 1);
  raft.role = 'StateCandidate';
  raft.vote = raft.id;
  raft.say('info', `${hex(raft.id)} became candidate at term ${raft.term}`);
  raft.trace('BecomeCandidate');
}

/** Changes neither term, vote nor timers: a pre-candidate has promised nothing and can go back. */
export function becomePreCandidate(raft: Raft): void {
  invariant('RAFT-15', raft.role !== 'StateLeader', 'a leader became pre-candidate');
  raft.tracker.resetVotes();
  raft.role = 'StatePreCandidate';
  // Whoever still believes in the old leader refuses the pre-votes of others, and all would wait for each
  // other.
  raft.lead = NONE;
  raft.say('info', `${hex(raft.id)} became pre-candidate at term ${raft.term}`);
}

export function becomeLeader(raft: Raft): void {
  invariant('RAFT-15', raft.role !== 'StateFollower', 'a follower became leader');
  reset(raft, raft.term);
  raft.role = 'StateLeader';
  raft.lead = raft.id;
  const own = raft.tracker.of(raft.id);
  invariant('RAFT-3', own !== undefined, 'a leader without progress');
  own.becomeReplicate();
  own.recentActive = true;
  // Some entry up to here may be a membership change; assuming so is cheaper than looking.
  raft.pendingConfIndex = raft.log.lastIndex();
  raft.trace('BecomeLeader');
  const isAppended = appendOwn(raft, [unplacedEntry(NO_DATA)]);
  invariant('RAFT-16', isAppended, 'the empty entry of a term was refused');
  raft.say('info', `${hex(raft.id)} became leader at term ${raft.term}`);
}
