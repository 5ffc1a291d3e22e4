import { hex } from '../debug/describe-state.js';
import { NONE } from '../message/entry.js';
import type { Message, MessageType } from '../message/message.js';
import { entriesApplied, snapshotApplied } from './applied.js';
import { hup } from './campaign.js';
import { stepCandidate } from './candidate.js';
import { stepFollower } from './follower.js';
import { stepLeader } from './leader.js';
import type { StepOutcome } from './outcome.js';
import type { Raft } from './raft.js';
import { becomeFollower } from './roles.js';
import { handleVoteRequest, refusesByLease, rejectVote } from './vote.js';

/** Types that only the leader of their term sends. */
const FROM_LEADER: ReadonlySet<MessageType> = new Set<MessageType>(['MsgApp', 'MsgHeartbeat', 'MsgSnap']);

/** Takes one message. Terms come first: most of the protocol's safety is in whose word still counts. */
export function step(raft: Raft, message: Message): StepOutcome {
  raft.trace('Receive', { message });
  // Term 0 is what a node tells itself, and what travels on behalf of a client.
  if (message.term > raft.term && !takesHigherTerm(raft, message)) return 'accepted';
  if (message.term !== 0 && message.term < raft.term) {
    handleLowerTerm(raft, message);
    return 'accepted';
  }
  return stepByType(raft, message);
}

/** Whether to go on with a message of a later term, after following it there if need be. */
function takesHigherTerm(raft: Raft, message: Message): boolean {
  const { type, term, from } = message;
  const isVoteRequest = type === 'MsgVote' || type === 'MsgPreVote';
  if (isVoteRequest && refusesByLease(raft, message)) return false;
  // Pre-votes speak of a term that may never come. A refused one carries the refuser's real term.
  const isHypothetical = type === 'MsgPreVote' || (type === 'MsgPreVoteResp' && !message.reject);
  if (isHypothetical) return true;
  const text = `[term: ${raft.term}] received a ${type} message with higher term from ${hex(from)} [term: ${term}]`;
  raft.say('info', `${hex(raft.id)} ${text}`);
  becomeFollower(raft, term, FROM_LEADER.has(type) ? from : NONE);
  return true;
}

function handleLowerTerm(raft: Raft, message: Message): void {
  const { type, term, from } = message;
  const { checkQuorum, preVote } = raft.options;
  const head = `${hex(raft.id)} [term: ${raft.term}]`;
  if ((checkQuorum || preVote) && (type === 'MsgHeartbeat' || type === 'MsgApp')) {
    // We may be stuck at a term that no election will ever raise the others to, since leases refuse our
    // votes. Our term deposes the sender and lets the next election include us.
    raft.send({ type: 'MsgAppResp', to: from });
  } else if (type === 'MsgPreVote') {
    // Silence would leave a pre-candidate of an old term waiting where it could learn of ours.
    rejectVote(raft, message);
  } else if (type === 'MsgStorageAppendResp') {
    // Entries written in an older term may have been replaced since; a snapshot cannot have been.
    if (message.index !== 0) {
      const text = `ignored entry appends from a ${type} message with lower term [term: ${term}]`;
      raft.say('info', `${head} ${text}`);
    }
    if (message.snapshot !== undefined) snapshotApplied(raft, message.snapshot);
  } else {
    raft.say('info', `${head} ignored a ${type} message with lower term from ${hex(from)} [term: ${term}]`);
  }
}

function stepByType(raft: Raft, message: Message): StepOutcome {
  switch (message.type) {
    case 'MsgHup':
      hup(raft, raft.options.preVote ? 'pre-election' : 'election');
      return 'accepted';
    case 'MsgStorageAppendResp':
      if (message.index !== 0) raft.log.unstable.stableTo({ term: message.logTerm, index: message.index });
      if (message.snapshot !== undefined) snapshotApplied(raft, message.snapshot);
      return 'accepted';
    case 'MsgStorageApplyResp':
      entriesApplied(raft, message.entries);
      return 'accepted';
    case 'MsgVote':
    case 'MsgPreVote':
      handleVoteRequest(raft, message);
      return 'accepted';
  }
  if (raft.role === 'StateLeader') return stepLeader(raft, message);
  return raft.role === 'StateFollower' ? stepFollower(raft, message) : stepCandidate(raft, message);
}
