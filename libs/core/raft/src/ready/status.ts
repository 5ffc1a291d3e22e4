import type { NodeId } from '../message/entry.js';
import type { HardState, SoftState } from '../message/state.js';
import type { Raft } from '../node/raft.js';
import type { Membership } from '../tracker/membership.js';
import type { Progress } from '../tracker/progress.js';

/** A node's view at one moment; a copy. */
export interface RaftStatus {
  readonly id: NodeId;
  readonly softState: SoftState;
  readonly hardState: HardState;
  readonly applied: number;
  readonly lastIndex: number;
  readonly membership: Membership;
  /** Where leadership is being handed to, or 0. */
  readonly transferee: NodeId;
  /** Of every member, on the leader; empty elsewhere. Ascending. */
  readonly progress: ReadonlyMap<NodeId, Progress>;
}

export function statusOf(raft: Raft): RaftStatus {
  const progress = new Map<NodeId, Progress>();
  if (raft.role === 'StateLeader') {
    for (const id of raft.tracker.ids) progress.set(id, raft.tracker.of(id)!.clone());
  }
  return {
    id: raft.id,
    softState: raft.softState,
    hardState: raft.hardState,
    applied: raft.log.applied,
    lastIndex: raft.log.lastIndex(),
    membership: raft.tracker.membership,
    transferee: raft.transferee,
    progress,
  };
}
