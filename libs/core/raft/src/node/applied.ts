import { describeMembership } from '../debug/describe-state.js';
import { confChangeEntry, createConfChange } from '../message/conf-change.js';
import { encodedSizes, type Entry, payloadsSize } from '../message/entry.js';
import type { Snapshot } from '../message/state.js';
import { propose } from './proposal.js';
import type { Raft } from './raft.js';

/** The application is done with a page of committed entries. */
export function entriesApplied(raft: Raft, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (last === undefined) return;
  appliedTo(raft, last.index, encodedSizes(entries));
  raft.uncommittedSize = Math.max(0, raft.uncommittedSize - payloadsSize(entries));
}

/** Storage and application have taken a snapshot over. */
export function snapshotApplied(raft: Raft, { index }: Snapshot): void {
  raft.log.unstable.stableSnapshotTo(index);
  appliedTo(raft, index, 0);
}

export function appliedTo(raft: Raft, index: number, size: number): void {
  raft.log.appliedTo(Math.max(index, raft.log.applied), size);
  // Not before everything that may still change the membership is applied; and on every later occasion
  // again, since the proposal may be dropped, or its leader may be.
  const { autoLeave } = raft.tracker.membership;
  const isDue = autoLeave && raft.role === 'StateLeader' && raft.log.applied >= raft.pendingConfIndex;
  if (isDue) leaveJoint(raft);
}

function leaveJoint(raft: Raft): void {
  const membership = describeMembership(raft.tracker.membership);
  const outcome = propose(raft, [confChangeEntry(createConfChange({}))]);
  if (outcome === 'accepted') {
    raft.say('info', `initiating automatic transition out of joint configuration ${membership}`);
  } else {
    raft.say(
      'debug',
      `not initiating automatic transition out of joint configuration ${membership}: ${outcome}`,
    );
  }
}
