import { describeProgress, hex } from '../debug/describe-state.js';
import { NONE } from '../message/entry.js';
import type { Message } from '../message/message.js';
import type { Progress } from '../tracker/progress.js';
import { handleAppendResponse } from './append-responses.js';
import { answerConfirmedReads, handleReadIndex } from './leader-reads.js';
import type { StepOutcome } from './outcome.js';
import { propose } from './proposal.js';
import type { Raft } from './raft.js';
import { broadcastHeartbeat, sendAppend } from './replicate.js';
import { becomeFollower } from './roles.js';
import { transferTo } from './transfer.js';

export function stepLeader(raft: Raft, message: Message): StepOutcome {
  switch (message.type) {
    case 'MsgBeat':
      broadcastHeartbeat(raft);
      return 'accepted';
    case 'MsgCheckQuorum':
      checkQuorum(raft);
      return 'accepted';
    case 'MsgProp':
      return propose(raft, message.entries);
    case 'MsgReadIndex':
      handleReadIndex(raft, message);
      return 'accepted';
    case 'MsgForgetLeader':
      return 'accepted';
  }
  const progress = raft.tracker.of(message.from);
  if (progress === undefined) {
    raft.say('debug', `${hex(raft.id)} no progress available for ${hex(message.from)}`);
    return 'accepted';
  }
  stepMember(raft, message, progress);
  return 'accepted';
}

/** What concerns one member. */
function stepMember(raft: Raft, message: Message, progress: Progress): void {
  switch (message.type) {
    case 'MsgAppResp':
      handleAppendResponse(raft, message, progress);
      break;
    case 'MsgHeartbeatResp':
      handleHeartbeatResponse(raft, message, progress);
      break;
    case 'MsgSnapStatus':
      handleSnapshotStatus(raft, message, progress);
      break;
    case 'MsgUnreachable':
      handleUnreachable(raft, message, progress);
      break;
    case 'MsgTransferLeader':
      transferTo(raft, message.from);
      break;
  }
}

function checkQuorum(raft: Raft): void {
  if (!raft.tracker.quorumActive()) {
    raft.say('warn', `${hex(raft.id)} stepped down to follower since quorum is not active`);
    becomeFollower(raft, raft.term, NONE);
  }
  // We are always active to ourselves.
  for (const id of raft.peers) raft.tracker.of(id)!.recentActive = false;
}

function handleHeartbeatResponse(raft: Raft, { from, context }: Message, progress: Progress): void {
  progress.recentActive = true;
  progress.isFlowPaused = false;
  // An append may have been lost. If the window is full this sends an empty one, which the member will
  // refuse.
  if (progress.match < raft.log.lastIndex() || progress.state === 'StateProbe') sendAppend(raft, from);
  if (context.length === 0) return;
  raft.readQueue.acknowledge(from, context);
  answerConfirmedReads(raft);
}

/** The transport's word about a snapshot. Either way we wait for the member itself before going on. */
function handleSnapshotStatus(raft: Raft, { from, reject }: Message, progress: Progress): void {
  if (progress.state !== 'StateSnapshot') return;
  if (reject) progress.pendingSnapshot = 0;
  progress.becomeProbe();
  const text = `snapshot ${reject ? 'failed' : 'succeeded'}, resumed sending replication messages to`;
  raft.say('debug', `${hex(raft.id)} ${text} ${hex(from)} [${describeProgress(progress)}]`);
  progress.isFlowPaused = true;
}

function handleUnreachable(raft: Raft, { from }: Message, progress: Progress): void {
  // What was streamed is probably lost, so find out where the member is.
  if (progress.state === 'StateReplicate') progress.becomeProbe();
  const text = `failed to send message to ${hex(from)} because it is unreachable`;
  raft.say('debug', `${hex(raft.id)} ${text} [${describeProgress(progress)}]`);
}
