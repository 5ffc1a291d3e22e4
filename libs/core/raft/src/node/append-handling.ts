import { hex } from '../debug/describe-state.js';
import type { Message } from '../message/message.js';
import type { Raft } from './raft.js';

/** Takes a leader's entries, or tells it where our logs may still agree. */
export function handleAppend(raft: Raft, message: Message): void {
  const { from: to, index, logTerm, entries } = message;
  const { log } = raft;
  if (index < log.committed) {
    raft.send({ type: 'MsgAppResp', to, index: log.committed });
    return;
  }
  const last = log.maybeAppend({ index, term: logTerm }, entries, message.commit);
  if (last !== undefined) {
    raft.send({ type: 'MsgAppResp', to, index: last });
    return;
  }
  const self = hex(raft.id);
  const own = `[logterm: ${log.termOrZero(index)}, index: ${index}]`;
  raft.say('debug', `${self} ${own} rejected MsgApp [logterm: ${logTerm}, index: ${index}] from ${hex(to)}`);
  // Everything of a higher term than the leader has there cannot match, so whole terms are skipped at once.
  const hint = log.findConflictByTerm(Math.min(index, log.lastIndex()), logTerm);
  raft.send({ type: 'MsgAppResp', to, index, reject: true, rejectHint: hint.index, logTerm: hint.term });
}

export function handleHeartbeat(raft: Raft, { from, commit, context }: Message): void {
  raft.log.commitTo(commit);
  raft.send({ type: 'MsgHeartbeatResp', to: from, context });
}
