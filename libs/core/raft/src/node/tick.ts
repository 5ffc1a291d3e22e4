import { NONE } from '../message/entry.js';
import { createMessage, type MessageType } from '../message/message.js';
import { isPromotable } from './campaign.js';
import type { Raft } from './raft.js';
import { step } from './step.js';

const tell = (raft: Raft, type: MessageType): unknown => step(raft, createMessage({ type, from: raft.id }));

/** Time passes. All time the core knows is counted here. */
export function tick(raft: Raft): void {
  if (raft.role === 'StateLeader') tickLeader(raft);
  else tickOthers(raft);
}

function tickOthers(raft: Raft): void {
  raft.electionElapsed++;
  if (!isPromotable(raft) || raft.electionElapsed < raft.randomizedElectionTimeout) return;
  raft.electionElapsed = 0;
  tell(raft, 'MsgHup');
}

/** A check of the quorum may end the leadership, in which case nothing further is a leader's to do. */
const isStillLeader = (raft: Raft): boolean => raft.role === 'StateLeader';

function tickLeader(raft: Raft): void {
  raft.heartbeatElapsed++;
  raft.electionElapsed++;
  if (raft.electionElapsed >= raft.options.electionTick) {
    raft.electionElapsed = 0;
    if (raft.options.checkQuorum) tell(raft, 'MsgCheckQuorum');
    // Whoever has not taken over by now may never do so, and meanwhile we take no proposals.
    if (isStillLeader(raft)) raft.transferee = NONE;
  }
  if (!isStillLeader(raft) || raft.heartbeatElapsed < raft.options.heartbeatTick) return;
  raft.heartbeatElapsed = 0;
  tell(raft, 'MsgBeat');
}
