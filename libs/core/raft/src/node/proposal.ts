import { invariant } from '@caisson/base';
import { describeConfChange, describeMembership, hex } from '../debug/describe-state.js';
import { type ConfChange, decodeConfChange, leavesJoint } from '../message/conf-change.js';
import { type Entry, NO_DATA, NONE, unplacedEntry } from '../message/entry.js';
import { isJoint } from '../tracker/membership.js';
import { appendOwn } from './append.js';
import { tryChange } from './change.js';
import type { StepOutcome } from './outcome.js';
import type { Raft } from './raft.js';
import { broadcastAppend } from './replicate.js';

/** Appends what was proposed to the leader and sends it out. */
export function propose(raft: Raft, entries: readonly Entry[]): StepOutcome {
  invariant('RAFT-20', entries.length > 0, 'a proposal without entries');
  // A removed leader goes on leading what is there but adds nothing.
  if (raft.tracker.of(raft.id) === undefined) return 'proposal-dropped';
  if (raft.transferee !== NONE) {
    const text = `transfer leadership to ${hex(raft.transferee)} is in progress; dropping proposal`;
    raft.say('debug', `${hex(raft.id)} [term ${raft.term}] ${text}`);
    return 'proposal-dropped';
  }
  const changes = entries.map(decodeConfChange);
  if (entries.some((entry, at) => entry.type !== 'EntryNormal' && changes[at] === undefined)) {
    raft.say('warn', `${hex(raft.id)} cannot read a proposed conf change; dropping proposal`);
    return 'proposal-dropped';
  }
  const admitted = entries.map((entry, at) => admit(raft, entry, { change: changes[at], at }));
  if (!appendOwn(raft, admitted)) return 'proposal-dropped';
  broadcastAppend(raft);
  return 'accepted';
}

interface Candidate {
  readonly change: ConfChange | undefined;
  readonly at: number;
}

/**
 * The entry itself, or an empty one in its place if it is a membership change that may not enter the log
 * now.
 */
function admit(raft: Raft, entry: Entry, { change, at }: Candidate): Entry {
  if (change === undefined) return entry;
  const reason = reasonToIgnore(raft, change);
  if (reason !== undefined && !raft.options.disableConfChangeValidation) {
    const what = `${describeConfChange(change)} at config ${describeMembership(raft.tracker.membership)}`;
    raft.say('info', `${hex(raft.id)} ignoring conf change ${what}: ${reason}`);
    return unplacedEntry(NO_DATA);
  }
  raft.pendingConfIndex = raft.log.lastIndex() + at + 1;
  raft.trace('ChangeConf', { change });
  return entry;
}

function reasonToIgnore(raft: Raft, change: ConfChange): string | undefined {
  const { pendingConfIndex: pending, log, tracker } = raft;
  if (pending > log.applied) {
    return `possible unapplied conf change at index ${pending} (applied to ${log.applied})`;
  }
  const isInJoint = isJoint(tracker.membership);
  const isLeave = leavesJoint(change);
  if (isInJoint && !isLeave) return 'must transition out of joint config first';
  if (!isInJoint && isLeave) return 'not in joint state; refusing empty conf change';
  // With nothing pending, what is impossible now will be when it is applied, on every node and after every
  // restart.
  const outcome = tryChange(raft, change);
  return 'refused' in outcome ? outcome.refused : undefined;
}
