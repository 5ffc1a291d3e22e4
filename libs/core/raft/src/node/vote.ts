import { hex } from '../debug/describe-state.js';
import { NONE } from '../message/entry.js';
import { type Message, voteResponseType } from '../message/message.js';
import { isTransferVote } from './campaign.js';
import type { Raft } from './raft.js';

function describeRequest(raft: Raft, verb: string, { type, from, logTerm, index }: Message): string {
  const last = raft.log.lastId();
  const own = `[logterm: ${last.term}, index: ${last.index}, vote: ${hex(raft.vote)}]`;
  const preposition = verb === 'cast' ? 'for' : 'from';
  const candidate = `${hex(from)} [logterm: ${logTerm}, index: ${index}]`;
  return `${hex(raft.id)} ${own} ${verb} ${type} ${preposition} ${candidate} at term ${raft.term}`;
}

/**
 * Whether a leader was heard of so recently that no election should start. Only `checkQuorum` gives leases.
 */
export function refusesByLease(raft: Raft, request: Message): boolean {
  const { checkQuorum, electionTick } = raft.options;
  const isLeased = checkQuorum && raft.lead !== NONE && raft.electionElapsed < electionTick;
  if (!isLeased || isTransferVote(request)) return false;
  const remaining = `lease is not expired (remaining ticks: ${electionTick - raft.electionElapsed})`;
  raft.say('info', `${describeRequest(raft, 'ignored', request)}: ${remaining}`);
  return true;
}

/**
 * Votes, whatever the role; learners too, since a stale learner may already be a voter for everybody else.
 */
export function handleVoteRequest(raft: Raft, request: Message): void {
  const { type, from, term, logTerm, index } = request;
  const canVote =
    raft.vote === from ||
    (raft.vote === NONE && raft.lead === NONE) ||
    // A pre-vote is an opinion about a term to come, not a promise.
    (type === 'MsgPreVote' && term > raft.term);
  if (!canVote || !raft.log.isUpToDate({ term: logTerm, index })) {
    rejectVote(raft, request);
    return;
  }
  raft.say('info', describeRequest(raft, 'cast', request));
  // With the request's term: a pre-vote is asked for the term after ours.
  raft.send({ type: voteResponseType(type), to: from, term });
  if (type === 'MsgVote') {
    raft.electionElapsed = 0;
    raft.vote = from;
  }
}

export function rejectVote(raft: Raft, request: Message): void {
  raft.say('info', describeRequest(raft, 'rejected', request));
  raft.send({ type: voteResponseType(request.type), to: request.from, term: raft.term, reject: true });
}
