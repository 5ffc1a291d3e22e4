import type { ConfChangeStep } from '../message/conf-change.js';
import { type NodeId, NONE } from '../message/entry.js';
import { type IdSet, idSet, isJoint, type Membership, withId, withoutId } from '../tracker/membership.js';
import { Progress } from '../tracker/progress.js';
import type { ProgressMap, Tracker } from '../tracker/tracker.js';
import { checkMembership } from './membership-check.js';

/** The membership after a change and the progress of everybody in it. Nothing is in force until installed. */
export interface Changed {
  readonly membership: Membership;
  readonly progress: ProgressMap;
}

/** Why a change cannot be made; nothing has happened. */
export interface Refused {
  readonly refused: string;
}

export type ChangeOutcome = Changed | Refused;

const refuse = (refused: string): Refused => ({ refused });

/**
 * Works out what a membership change leads to.
 *
 * Pure towards the tracker: it reads it, works on copies, and hands the result back. Members that stay keep
 * what is known about them, so a change never slows down replication to them.
 */
export class Changer {
  constructor(
    readonly tracker: Tracker,
    readonly lastIndex: number,
  ) {}

  /** Changes at most one voter, and any number of learners, without a joint phase. */
  simple(steps: readonly ConfChangeStep[]): ChangeOutcome {
    const draft = new Draft(this.tracker, this.lastIndex);
    if (isJoint(draft.membership)) return refuse("can't apply simple config change in joint config");
    const before = draft.membership.incoming;
    draft.apply(steps);
    if (draft.membership.incoming.length === 0) return refuse('removed all voters');
    if (differences(before, draft.membership.incoming) > 1) {
      return refuse('more than one voter changed without entering joint config');
    }
    return draft.finish();
  }

  /** Makes the present voters the outgoing half and applies `steps` to the incoming one. */
  enterJoint(steps: readonly ConfChangeStep[], { autoLeave }: { autoLeave: boolean }): ChangeOutcome {
    const draft = new Draft(this.tracker, this.lastIndex);
    if (isJoint(draft.membership)) return refuse('config is already joint');
    // An empty membership has no quorum that could have agreed to anything.
    if (draft.membership.incoming.length === 0) return refuse("can't make a zero-voter config joint");
    draft.membership = { ...draft.membership, outgoing: draft.membership.incoming };
    draft.apply(steps);
    if (draft.membership.incoming.length === 0) return refuse('removed all voters');
    draft.membership = { ...draft.membership, autoLeave };
    return draft.finish();
  }

  /** Drops the outgoing half; staged demotions take effect. */
  leaveJoint(): ChangeOutcome {
    const draft = new Draft(this.tracker, this.lastIndex);
    if (!isJoint(draft.membership)) return refuse("can't leave a non-joint config");
    draft.leaveJoint();
    return draft.finish();
  }
}

const differences = (left: IdSet, right: IdSet): number =>
  left.filter((id) => !right.includes(id)).length + right.filter((id) => !left.includes(id)).length;

class Draft {
  membership: Membership;
  readonly #progress: Map<NodeId, Progress>;

  constructor(
    readonly tracker: Tracker,
    readonly lastIndex: number,
  ) {
    this.membership = tracker.membership;
    this.#progress = new Map(tracker.ids.map((id) => [id, tracker.of(id)!.clone()]));
    checkMembership(this.membership, this.#progress);
  }

  finish(): Changed {
    checkMembership(this.membership, this.#progress);
    return { membership: this.membership, progress: this.#sortedProgress() };
  }

  apply(steps: readonly ConfChangeStep[]): void {
    for (const { kind, id } of steps) {
      // An application that refuses a committed change at the last moment blanks the id.
      if (id === NONE || kind === 'update') continue;
      if (kind === 'add-voter') this.#makeVoter(id);
      else if (kind === 'add-learner') this.#makeLearner(id);
      else this.#remove(id);
    }
  }

  leaveJoint(): void {
    const { incoming, outgoing, learners, learnersNext } = this.membership;
    const allLearners = idSet([...learners, ...learnersNext]);
    for (const id of learnersNext) this.#progress.get(id)!.isLearner = true;
    for (const id of outgoing) {
      if (!incoming.includes(id) && !allLearners.includes(id)) this.#progress.delete(id);
    }
    this.membership = { incoming, outgoing: [], learners: allLearners, learnersNext: [], autoLeave: false };
  }

  #makeVoter(id: NodeId): void {
    const progress = this.#progress.get(id);
    if (progress === undefined) this.#addProgress(id, { isLearner: false });
    else progress.isLearner = false;
    this.#set({
      incoming: withId(this.membership.incoming, id),
      learners: withoutId(this.membership.learners, id),
      learnersNext: withoutId(this.membership.learnersNext, id),
    });
  }

  #makeLearner(id: NodeId): void {
    const progress = this.#progress.get(id);
    if (progress === undefined) {
      this.#addProgress(id, { isLearner: true });
      this.#set({ learners: withId(this.membership.learners, id) });
      return;
    }
    if (progress.isLearner) return;
    this.#remove(id);
    this.#progress.set(id, progress);
    // A voter of the outgoing half cannot be a learner at the same time: it is demoted when the half is
    // dropped.
    if (this.membership.outgoing.includes(id)) {
      this.#set({ learnersNext: withId(this.membership.learnersNext, id) });
    } else {
      progress.isLearner = true;
      this.#set({ learners: withId(this.membership.learners, id) });
    }
  }

  #remove(id: NodeId): void {
    if (!this.#progress.has(id)) return;
    this.#set({
      incoming: withoutId(this.membership.incoming, id),
      learners: withoutId(this.membership.learners, id),
      learnersNext: withoutId(this.membership.learnersNext, id),
    });
    // A voter of the outgoing half still has to be fed.
    if (!this.membership.outgoing.includes(id)) this.#progress.delete(id);
  }

  #addProgress(id: NodeId, { isLearner }: { isLearner: boolean }): void {
    const progress = new Progress({
      match: 0,
      // Probing at the end is right for a member restored from a backup and costs a new one a single refusal.
      next: Math.max(this.lastIndex, 1),
      inflights: this.tracker.newInflights(),
      isLearner,
      // Otherwise the next quorum check could depose the leader before the member had a chance to answer.
      recentActive: true,
    });
    this.#progress.set(id, progress);
  }

  #set(fields: Partial<Membership>): void {
    this.membership = { ...this.membership, ...fields };
  }

  #sortedProgress(): ProgressMap {
    return new Map([...this.#progress].sort(([left], [right]) => left - right));
  }
}
