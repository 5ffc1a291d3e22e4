import { hex } from '../debug/describe-state.js';
import { type NodeId, NONE } from '../message/entry.js';
import type { Raft } from './raft.js';
import { sendAppend } from './replicate.js';

/** Starts handing leadership to `target`: brings it up to date, then tells it to campaign at once. */
export function transferTo(raft: Raft, target: NodeId): void {
  const progress = raft.tracker.of(target)!;
  const [self, peer, previous] = [hex(raft.id), hex(target), raft.transferee];
  if (progress.isLearner) {
    raft.say('debug', `${self} is learner. Ignored transferring leadership`);
    return;
  }
  if (previous === target) {
    const text = `transfer leadership to ${peer} is in progress, ignores request to same node ${peer}`;
    raft.say('info', `${self} [term ${raft.term}] ${text}`);
    return;
  }
  if (previous !== NONE) {
    raft.transferee = NONE;
    raft.say(
      'info',
      `${self} [term ${raft.term}] abort previous transferring leadership to ${hex(previous)}`,
    );
  }
  if (target === raft.id) {
    raft.say('debug', `${self} is already leader. Ignored transferring leadership to self`);
    return;
  }
  raft.say('info', `${self} [term ${raft.term}] starts to transfer leadership to ${peer}`);
  // The target has one election timeout; after that the leader takes proposals again.
  raft.electionElapsed = 0;
  raft.transferee = target;
  if (progress.match === raft.log.lastIndex()) {
    const text = `sends MsgTimeoutNow to ${peer} immediately as ${peer} already has up-to-date log`;
    sendTimeoutNow(raft, target);
    raft.say('info', `${self} ${text}`);
  } else {
    sendAppend(raft, target);
  }
}

export function sendTimeoutNow(raft: Raft, to: NodeId): void {
  raft.isLeaseForfeited = true;
  raft.send({ type: 'MsgTimeoutNow', to });
}
