import { hex } from '../debug/describe-state.js';
import { NONE } from '../message/entry.js';
import type { Message } from '../message/message.js';
import { handleAppend, handleHeartbeat } from './append-handling.js';
import { campaign, poll } from './campaign.js';
import type { StepOutcome } from './outcome.js';
import type { Raft } from './raft.js';
import { broadcastAppend } from './replicate.js';
import { handleSnapshot } from './restore.js';
import { becomeFollower, becomeLeader } from './roles.js';

/** Candidates and pre-candidates: wait for votes, or for proof that somebody else has won. */
export function stepCandidate(raft: Raft, message: Message): StepOutcome {
  switch (message.type) {
    case 'MsgProp':
      raft.say('info', `${hex(raft.id)} no leader at term ${raft.term}; dropping proposal`);
      return 'proposal-dropped';
    case 'MsgApp':
      becomeFollower(raft, message.term, message.from);
      handleAppend(raft, message);
      break;
    case 'MsgHeartbeat':
      becomeFollower(raft, message.term, message.from);
      handleHeartbeat(raft, message);
      break;
    case 'MsgSnap':
      becomeFollower(raft, message.term, message.from);
      handleSnapshot(raft, message);
      break;
    case 'MsgVoteResp':
    case 'MsgPreVoteResp':
      handleVoteResponse(raft, message);
      break;
    case 'MsgTimeoutNow': {
      const text = `[term ${raft.term} state ${raft.role}] ignored MsgTimeoutNow from ${hex(message.from)}`;
      raft.say('debug', `${hex(raft.id)} ${text}`);
      break;
    }
  }
  return 'accepted';
}

function handleVoteResponse(raft: Raft, response: Message): void {
  // A late answer to the phase before this one says nothing about this one.
  const ours = raft.role === 'StatePreCandidate' ? 'MsgPreVoteResp' : 'MsgVoteResp';
  if (response.type !== ours) return;
  const { granted, rejected, result } = poll(raft, response);
  raft.say('info', `${hex(raft.id)} has received ${granted} ${ours} votes and ${rejected} vote rejections`);
  if (result === 'VoteLost') {
    // Not with the term of a pre-vote response, which may be one ahead of ours.
    becomeFollower(raft, raft.term, NONE);
  } else if (result === 'VoteWon' && raft.role === 'StatePreCandidate') {
    campaign(raft, 'election');
  } else if (result === 'VoteWon') {
    becomeLeader(raft);
    broadcastAppend(raft);
  }
}
