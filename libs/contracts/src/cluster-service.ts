import type { CallContext } from './kv-service.js';
import type { GroupStatus, MemberAddresses } from './replication-engine.js';
import { slot } from './token.js';

export interface ClusterStatus {
  /** Name of the node that answers. */
  readonly node: string;
  readonly clusterId: Uint8Array;
  readonly groups: readonly GroupStatus[];
}

/** One step of a long change, for people who wait. */
export interface ClusterProgress {
  readonly group: number;
  readonly step:
    | 'asking'
    | 'registering'
    | 'adding'
    | 'catching-up'
    | 'promoting'
    | 'transferring'
    | 'removing'
    | 'done';
  /** Entries the node has, and entries it needs, while catching up. */
  readonly matched?: number;
  readonly goal?: number;
}

export interface AddRequest extends MemberAddresses {
  readonly name: string;
  /** Stays a learner instead of becoming a voter once it has caught up. */
  readonly learner?: boolean;
}

export interface StateDigest {
  readonly group: number;
  /** Position whose state was digested. */
  readonly position: number;
  /** SHA-256 over everything replicated, decrypted: equal on all replicas at one position. */
  readonly digest: Uint8Array;
  readonly pairs: number;
}

/**
 * The life of a cluster, as operators order it. Every order covers all groups, may be repeated after a
 * failure and then goes on where it stopped; what is in force already is a success.
 *
 * Orders are carried out on the leader of each group: elsewhere they are `NOT_LEADER` with the leader's
 * name and client address in the details.
 */
export interface ClusterService {
  status(): ClusterStatus;
  /**
   * Learner, caught up, voter. `PEER_NOT_ENCRYPTION_CAPABLE`, `NODE_ID_COLLISION`, `CLUSTER_MISMATCH`, …
   */
  add(request: AddRequest, context: CallContext): AsyncIterable<ClusterProgress>;
  promote(name: string, context: CallContext): AsyncIterable<ClusterProgress>;
  /** Refuses to remove the last voter. */
  remove(name: string, context: CallContext): AsyncIterable<ClusterProgress>;
  /** Adds and promotes the new node, then removes the old one. */
  replace(old: string, by: AddRequest, context: CallContext): AsyncIterable<ClusterProgress>;
  /** Moves leadership of every group led here to `target`, or to the best follower. */
  transfer(target: string | undefined, context: CallContext): AsyncIterable<ClusterProgress>;
  /**
   * What a node that joins is told: cluster id, birth and addresses, in one line of text without secrets.
   */
  joinToken(): string;
  /** Of this node's own state, at or above `position`. */
  digest(group: number, position: number, context: CallContext): Promise<StateDigest>;
}

export const ClusterService = slot<ClusterService>('ClusterService');
