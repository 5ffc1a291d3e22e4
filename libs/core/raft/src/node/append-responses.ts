import { describeProgress, hex } from '../debug/describe-state.js';
import type { Message } from '../message/message.js';
import type { Progress } from '../tracker/progress.js';
import { commitAndBroadcast } from './commit.js';
import type { Raft } from './raft.js';
import { maybeSendAppend, sendAppend } from './replicate.js';
import { sendTimeoutNow } from './transfer.js';

export function handleAppendResponse(raft: Raft, response: Message, progress: Progress): void {
  progress.recentActive = true;
  if (response.reject) handleRejection(raft, response, progress);
  else handleAcknowledgement(raft, response, progress);
}

function handleRejection(raft: Raft, response: Message, progress: Progress): void {
  const { from, index, rejectHint, logTerm } = response;
  const [self, peer] = [hex(raft.id), hex(from)];
  const hint = `hint: (index ${rejectHint}, term ${logTerm})`;
  raft.say('debug', `${self} received MsgAppResp(rejected, ${hint}) from ${peer} for index ${index}`);
  // The member has `logTerm` at the hint; where we have more, our terms there are ones it cannot match.
  const probe = logTerm > 0 ? raft.log.findConflictByTerm(rejectHint, logTerm).index : rejectHint;
  if (!progress.maybeDecreaseTo(index, probe)) return;
  raft.say('debug', `${self} decreased progress of ${peer} to [${describeProgress(progress)}]`);
  if (progress.state === 'StateReplicate') progress.becomeProbe();
  sendAppend(raft, from);
}

function handleAcknowledgement(raft: Raft, { from, index }: Message, progress: Progress): void {
  const isNews = progress.maybeUpdate(index);
  // A probe that only confirms what we knew still shows that the logs are connected.
  if (!isNews && !(progress.match === index && progress.state === 'StateProbe')) return;
  resume(raft, { from, index }, progress);
  const isOther = from !== raft.id;
  const isEverybodyTold = commitAndBroadcast(raft);
  if (!isOther) return;
  if (!isEverybodyTold && progress.canBumpCommit(raft.log.committed)) sendAppend(raft, from);
  // Several messages may fit into the room this acknowledgement made.
  while (maybeSendAppend(raft, from, { evenIfEmpty: false }));
  if (from === raft.transferee && progress.match === raft.log.lastIndex()) {
    raft.say('info', `${hex(raft.id)} sent MsgTimeoutNow to ${hex(from)} after received MsgAppResp`);
    sendTimeoutNow(raft, from);
  }
}

/** Brings the member (back) to streaming. */
function resume(raft: Raft, { from, index }: Pick<Message, 'from' | 'index'>, progress: Progress): void {
  if (progress.state === 'StateProbe') {
    progress.becomeReplicate();
  } else if (progress.state === 'StateReplicate') {
    progress.inflights.freeThrough(index);
  } else if (progress.match + 1 >= raft.log.firstIndex()) {
    // Whatever snapshot is still on its way: our log reaches back to where the member is.
    const state = describeProgress(progress);
    const text = `recovered from needing snapshot, resumed sending replication messages to ${hex(from)}`;
    raft.say('debug', `${hex(raft.id)} ${text} [${state}]`);
    progress.becomeProbe();
    progress.becomeReplicate();
  }
}
