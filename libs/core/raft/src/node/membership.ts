import { invariant } from '@caisson/base';
import type { Changed } from '../confchange/changer.js';
import { describeMembership, hex } from '../debug/describe-state.js';
import type { ConfChange } from '../message/conf-change.js';
import { NONE } from '../message/entry.js';
import type { ConfState } from '../message/state.js';
import { allVoters, confStateOf } from '../tracker/membership.js';
import { tryChange } from './change.js';
import { commitAndBroadcast } from './commit.js';
import { answerConfirmedReads } from './leader-reads.js';
import type { Raft } from './raft.js';
import { maybeSendAppend } from './replicate.js';
import { becomeFollower } from './roles.js';

/** Carries out a committed change. Validation at the proposal leaves none that could be refused (RAFT-19). */
export function applyConfChange(raft: Raft, change: ConfChange): ConfState {
  const outcome = tryChange(raft, change);
  invariant('RAFT-19', !('refused' in outcome), 'a committed membership change cannot be carried out');
  return switchTo(raft, outcome);
}

/** Puts a membership in force and does what a leader owes to it. */
export function switchTo(raft: Raft, { membership, progress }: Changed): ConfState {
  raft.trace('ApplyConfChange', { membership });
  raft.tracker.install(membership, progress);
  raft.say('info', `${hex(raft.id)} switched to configuration ${describeMembership(membership)}`);
  const own = progress.get(raft.id);
  raft.isLearner = own?.isLearner ?? false;
  if (raft.role === 'StateLeader') leadUnder(raft);
  return confStateOf(membership);
}

function leadUnder(raft: Raft): void {
  const { membership } = raft.tracker;
  if (raft.tracker.of(raft.id) === undefined || raft.isLearner) {
    // Without stepping down we lead on, not counting ourselves, until somebody else takes over.
    if (raft.options.stepDownOnRemoval) becomeFollower(raft, raft.term, NONE);
    return;
  }
  if (membership.incoming.length === 0) return;
  // A smaller quorum may commit more, and complete reads that no answer is due for any more.
  answerConfirmedReads(raft);
  if (!commitAndBroadcast(raft)) {
    for (const id of raft.peers) maybeSendAppend(raft, id, { evenIfEmpty: false });
  }
  if (raft.transferee !== NONE && !allVoters(membership).includes(raft.transferee)) raft.transferee = NONE;
}
