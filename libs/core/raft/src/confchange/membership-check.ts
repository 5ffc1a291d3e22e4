import { invariant } from '@caisson/base';
import { allVoters, isJoint, type Membership } from '../tracker/membership.js';
import type { ProgressMap } from '../tracker/tracker.js';

/** Asserts what holds for every membership, before and after every change (RAFT-3, RAFT-4, RAFT-5). */
export function checkMembership(membership: Membership, progress: ProgressMap): void {
  const { incoming, outgoing, learners, learnersNext, autoLeave } = membership;
  for (const id of [...allVoters(membership), ...learners, ...learnersNext]) {
    invariant('RAFT-3', progress.has(id), 'a member without progress');
  }
  for (const id of learnersNext) {
    invariant('RAFT-4', outgoing.includes(id), 'a staged learner that is no outgoing voter');
    invariant('RAFT-4', !progress.get(id)!.isLearner, 'a staged learner that already is one');
  }
  for (const id of learners) {
    invariant('RAFT-4', !outgoing.includes(id) && !incoming.includes(id), 'a learner that also votes');
    invariant('RAFT-4', progress.get(id)!.isLearner, 'a learner whose progress is a voter’s');
  }
  if (isJoint(membership)) return;
  invariant('RAFT-5', learnersNext.length === 0, 'staged learners outside a joint change');
  invariant('RAFT-5', !autoLeave, 'automatic leave outside a joint change');
}
