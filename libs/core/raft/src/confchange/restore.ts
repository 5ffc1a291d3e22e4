import { invariant } from '@caisson/base';
import type { ConfChangeKind, ConfChangeStep } from '../message/conf-change.js';
import type { NodeId } from '../message/entry.js';
import type { ConfState } from '../message/state.js';
import { Tracker } from '../tracker/tracker.js';
import { type Changed, Changer, type ChangeOutcome } from './changer.js';

const steps = (kind: ConfChangeKind, ids: readonly NodeId[]): ConfChangeStep[] =>
  ids.map((id) => ({ kind, id }));

/**
 * Builds the membership of a snapshot by changes that could have led to it, so that a restored membership has
 * passed the same checks as a grown one. `tracker` must be empty and is left alone.
 */
export function restoreMembership(tracker: Tracker, lastIndex: number, state: ConfState): Changed {
  const scratch = new Tracker(tracker.limits);
  let latest: Changed = { membership: tracker.membership, progress: tracker.progress };
  const make = (change: (changer: Changer) => ChangeOutcome): void => {
    scratch.install(latest.membership, latest.progress);
    const outcome = change(new Changer(scratch, lastIndex));
    invariant('RAFT-6', !('refused' in outcome), 'a recorded membership that no change leads to');
    latest = outcome;
  };
  const target = [
    ...steps('add-voter', state.voters),
    ...steps('add-learner', state.learners),
    ...steps('add-learner', state.learnersNext),
  ];
  if (state.votersOutgoing.length === 0) {
    for (const step of target) make((changer) => changer.simple([step]));
    return latest;
  }
  for (const step of steps('add-voter', state.votersOutgoing)) make((changer) => changer.simple([step]));
  const turnOver = [...steps('remove', state.votersOutgoing), ...target];
  make((changer) => changer.enterJoint(turnOver, { autoLeave: state.autoLeave }));
  return latest;
}
