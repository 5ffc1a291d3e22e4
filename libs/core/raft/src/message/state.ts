import { NO_DATA, type NodeId } from './entry.js';

/** What a node must remember across restarts beside its log. */
export interface HardState {
  readonly term: number;
  readonly vote: NodeId;
  readonly commit: number;
}

export const EMPTY_HARD_STATE: HardState = { term: 0, vote: 0, commit: 0 };

export const isEmptyHardState = (state: HardState): boolean =>
  state.term === 0 && state.vote === 0 && state.commit === 0;

export const equalHardState = (left: HardState, right: HardState): boolean =>
  left.term === right.term && left.vote === right.vote && left.commit === right.commit;

export type Role = 'StateFollower' | 'StatePreCandidate' | 'StateCandidate' | 'StateLeader';

/** What a node may forget on restart. */
export interface SoftState {
  readonly lead: NodeId;
  readonly role: Role;
}

export const equalSoftState = (left: SoftState, right: SoftState): boolean =>
  left.lead === right.lead && left.role === right.role;

/**
 * A membership as it is written to snapshots. Two halves are filled only while a joint change is under way.
 */
export interface ConfState {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
}

export const EMPTY_CONF_STATE: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

const sameSet = (left: readonly NodeId[], right: readonly NodeId[]): boolean => {
  const ids = new Set(left);
  return ids.size === new Set(right).size && right.every((id) => ids.has(id));
};

/** Equality of the memberships meant, whatever order the ids were written in. */
export const equivalentConfStates = (left: ConfState, right: ConfState): boolean =>
  left.autoLeave === right.autoLeave &&
  sameSet(left.voters, right.voters) &&
  sameSet(left.votersOutgoing, right.votersOutgoing) &&
  sameSet(left.learners, right.learners) &&
  sameSet(left.learnersNext, right.learnersNext);

/** The applied state at one index. `data` is the application's own; the core only passes it on. */
export interface Snapshot {
  readonly index: number;
  readonly term: number;
  readonly confState: ConfState;
  readonly data: Uint8Array;
}

export const EMPTY_SNAPSHOT: Snapshot = { index: 0, term: 0, confState: EMPTY_CONF_STATE, data: NO_DATA };

/** What a waiting reader is told: once `index` is applied here, the read of `context` may be served. */
export interface ReadState {
  readonly index: number;
  readonly context: Uint8Array;
}
