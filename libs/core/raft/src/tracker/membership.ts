import type { NodeId } from '../message/entry.js';
import type { ConfState } from '../message/state.js';
import type { JointQuorum } from '../quorum/joint.js';

/**
 * Ids ascending, without repeats. Every walk over members follows this order, which keeps runs repeatable.
 */
export type IdSet = readonly NodeId[];

/**
 * Who decides and who only follows.
 *
 * `outgoing` is filled only during a joint change. `learnersNext` are voters of the outgoing half that become
 * learners once the joint change is left; until then they still vote there. A value: never changed in place.
 */
export interface Membership extends JointQuorum {
  readonly incoming: IdSet;
  readonly outgoing: IdSet;
  readonly learners: IdSet;
  readonly learnersNext: IdSet;
  readonly autoLeave: boolean;
}

export const EMPTY_MEMBERSHIP: Membership = {
  incoming: [],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export const idSet = (ids: Iterable<NodeId>): IdSet => [...new Set(ids)].sort((left, right) => left - right);

export const withId = (ids: IdSet, id: NodeId): IdSet => (ids.includes(id) ? ids : idSet([...ids, id]));

export const withoutId = (ids: IdSet, id: NodeId): IdSet =>
  ids.includes(id) ? ids.filter((other) => other !== id) : ids;

export const isJoint = (membership: Membership): boolean => membership.outgoing.length > 0;

/** Voters of both halves. */
export const allVoters = (membership: Membership): IdSet =>
  isJoint(membership) ? idSet([...membership.incoming, ...membership.outgoing]) : membership.incoming;

export const confStateOf = (membership: Membership): ConfState => ({
  voters: membership.incoming,
  votersOutgoing: membership.outgoing,
  learners: membership.learners,
  learnersNext: membership.learnersNext,
  autoLeave: membership.autoLeave,
});
