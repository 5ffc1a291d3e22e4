import { invariant } from '@caisson/base';
import { describeProgress, hex } from '../debug/describe-state.js';
import { isGap } from '../log/storage.js';
import { type NodeId, payloadsSize } from '../message/entry.js';
import type { Progress } from '../tracker/progress.js';
import type { Raft } from './raft.js';

/** Sends what comes next, or an empty append that carries the commit index. */
export function sendAppend(raft: Raft, to: NodeId): void {
  maybeSendAppend(raft, to, { evenIfEmpty: true });
}

/**
 * Sends the next entries to a member, or a snapshot if the log no longer reaches back to it. False if
 * nothing was sent, so that calling it until then empties the backlog into the window.
 */
export function maybeSendAppend(raft: Raft, to: NodeId, { evenIfEmpty }: { evenIfEmpty: boolean }): boolean {
  const progress = raft.tracker.of(to)!;
  if (progress.isPaused) return false;
  const previous = progress.next - 1;
  const previousTerm = raft.log.term(previous);
  if (isGap(previousTerm)) return maybeSendSnapshot(raft, to, progress);
  // With the window full only empty appends go out: they let a member that lost one say so.
  const isThrottled = progress.state === 'StateReplicate' && progress.inflights.isFull;
  const entries = isThrottled ? [] : raft.log.entriesFrom(progress.next, raft.options.maxSizePerMsg);
  if (isGap(entries)) return evenIfEmpty && maybeSendSnapshot(raft, to, progress);
  if (entries.length === 0 && !evenIfEmpty) return false;
  const commit = raft.log.committed;
  raft.send({ type: 'MsgApp', to, index: previous, logTerm: previousTerm, entries, commit });
  progress.sentEntries(entries.length, payloadsSize(entries));
  progress.sentCommit = commit;
  return true;
}

function maybeSendSnapshot(raft: Raft, to: NodeId, progress: Progress): boolean {
  const [self, peer] = [hex(raft.id), hex(to)];
  if (!progress.recentActive) {
    raft.say('debug', `ignore sending snapshot to ${peer} since it is not recently active`);
    return false;
  }
  const snapshot = raft.log.snapshot();
  if (snapshot === undefined) {
    const why = 'snapshot is temporarily unavailable';
    raft.say('debug', `${self} failed to send snapshot to ${peer} because ${why}`);
    return false;
  }
  invariant('RAFT-18', snapshot.index > 0, 'an empty snapshot for a member that needs one');
  const { index, term } = snapshot;
  const position = `[firstindex: ${raft.log.firstIndex()}, commit: ${raft.log.committed}]`;
  const before = describeProgress(progress);
  raft.say(
    'debug',
    `${self} ${position} sent snapshot[index: ${index}, term: ${term}] to ${peer} [${before}]`,
  );
  progress.becomeSnapshot(index);
  raft.say('debug', `${self} paused sending replication messages to ${peer} [${describeProgress(progress)}]`);
  raft.send({ type: 'MsgSnap', to, snapshot });
  return true;
}

export function broadcastAppend(raft: Raft): void {
  for (const id of raft.peers) sendAppend(raft, id);
}

export function broadcastHeartbeat(raft: Raft): void {
  const context = raft.readQueue.heartbeatContext();
  for (const to of raft.peers) {
    const progress = raft.tracker.of(to)!;
    // What the member is not known to have may differ from what was committed.
    const commit = Math.min(progress.match, raft.log.committed);
    raft.send({ type: 'MsgHeartbeat', to, commit, context });
    progress.sentCommit = commit;
  }
}
