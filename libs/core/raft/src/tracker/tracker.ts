import type { NodeId } from '../message/entry.js';
import { jointCommitted, jointVote } from '../quorum/joint.js';
import type { VoteResult } from '../quorum/majority.js';
import { Inflights } from './inflights.js';
import { EMPTY_MEMBERSHIP, type IdSet, idSet, type Membership } from './membership.js';
import type { Progress } from './progress.js';

export interface InflightLimits {
  readonly maxInflightMsgs: number;
  readonly maxInflightBytes: number;
}

export type ProgressMap = ReadonlyMap<NodeId, Progress>;

export interface VoteTally {
  readonly granted: number;
  readonly rejected: number;
  readonly result: VoteResult;
}

/** A membership, what is known about each member, and the votes of the running election. */
export class Tracker {
  #membership: Membership = EMPTY_MEMBERSHIP;
  #progress: ProgressMap = new Map();
  #ids: IdSet = [];
  #votes = new Map<NodeId, boolean>();

  constructor(readonly limits: InflightLimits) {}

  get membership(): Membership {
    return this.#membership;
  }

  get progress(): ProgressMap {
    return this.#progress;
  }

  /** Everybody with a progress, learners too, ascending. */
  get ids(): IdSet {
    return this.#ids;
  }

  of(id: NodeId): Progress | undefined {
    return this.#progress.get(id);
  }

  install(membership: Membership, progress: ProgressMap): void {
    this.#membership = membership;
    this.#progress = progress;
    this.#ids = idSet(progress.keys());
  }

  newInflights(): Inflights {
    return new Inflights(this.limits.maxInflightMsgs, this.limits.maxInflightBytes);
  }

  /** The highest index that a quorum is known to have. */
  committed(): number {
    return jointCommitted(this.#membership, (id) => this.#progress.get(id)?.match);
  }

  /** Whether a quorum was heard from since the last check. */
  quorumActive(): boolean {
    const isActive = (id: NodeId): boolean | undefined => {
      const progress = this.#progress.get(id);
      return progress === undefined || progress.isLearner ? undefined : progress.recentActive;
    };
    return jointVote(this.#membership, isActive) === 'VoteWon';
  }

  resetVotes(): void {
    this.#votes = new Map();
  }

  /** A member's first vote counts; it cannot take it back. */
  recordVote(id: NodeId, granted: boolean): void {
    if (!this.#votes.has(id)) this.#votes.set(id, granted);
  }

  /** The counts leave out members that are not ours to count; the result comes from the membership alone. */
  tallyVotes(): VoteTally {
    let granted = 0;
    let rejected = 0;
    for (const [id, progress] of this.#progress) {
      const vote = progress.isLearner ? undefined : this.#votes.get(id);
      if (vote === true) granted++;
      if (vote === false) rejected++;
    }
    return { granted, rejected, result: jointVote(this.#membership, (id) => this.#votes.get(id)) };
  }
}
