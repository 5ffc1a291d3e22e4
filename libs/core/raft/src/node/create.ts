import { invariant } from '@caisson/base';
import { hex } from '../debug/describe-state.js';
import { NONE } from '../message/entry.js';
import { type HardState, isEmptyHardState } from '../message/state.js';
import { allVoters } from '../tracker/membership.js';
import { appliedTo } from './applied.js';
import type { RaftOptions } from './options.js';
import { Raft } from './raft.js';
import { restoreConfState } from './restore.js';
import { becomeFollower } from './roles.js';

/** A node as storage remembers it: a follower of nobody, at the term it had. */
export function createRaft(options: RaftOptions): Raft {
  const raft = new Raft(options);
  const { hardState, confState } = options.storage.initialState();
  if (!isEmptyHardState(hardState)) loadHardState(raft, hardState);
  raft.trace('InitState');
  restoreConfState(raft, confState);
  if (raft.options.applied > 0) resumeApplication(raft, raft.options.applied);
  becomeFollower(raft, raft.term, NONE);
  raft.say('info', describeStart(raft));
  return raft;
}

function loadHardState(raft: Raft, { term, vote, commit }: HardState): void {
  const isInLog = commit >= raft.log.committed && commit <= raft.log.lastIndex();
  invariant('RAFT-11', isInLog, 'the recorded commit index lies outside the log: entries were lost');
  raft.log.commitTo(commit);
  raft.term = term;
  raft.vote = vote;
}

/**
 * The applied index may be more recent than the recorded commit index, which is not synced on its own
 * account.
 */
function resumeApplication(raft: Raft, applied: number): void {
  raft.log.commitTo(applied);
  appliedTo(raft, applied, 0);
}

function describeStart({ id, term, log, tracker }: Raft): string {
  const peers = allVoters(tracker.membership).map(hex).join(',');
  const last = log.lastId();
  const positions = `commit: ${log.committed}, applied: ${log.applied}`;
  const end = `lastindex: ${last.index}, lastterm: ${last.term}`;
  return `newRaft ${hex(id)} [peers: [${peers}], term: ${term}, ${positions}, ${end}]`;
}
