import type { ConfChange } from '../message/conf-change.js';
import type { NodeId } from '../message/entry.js';
import type { Message } from '../message/message.js';
import type { HardState, Role } from '../message/state.js';
import type { IdSet, Membership } from '../tracker/membership.js';

export type TraceName =
  | 'InitState'
  | 'ApplyConfChange'
  | 'BecomeFollower'
  | 'BecomeCandidate'
  | 'BecomeLeader'
  | 'Replicate'
  | 'ChangeConf'
  | 'Commit'
  | 'Send'
  | 'Receive'
  | 'Ready';

/**
 * A step of the protocol with the state around it, for checking runs against a model. Emitted in causal order
 * within a node; unlike log lines these are meant for programs.
 */
export interface TraceEvent {
  readonly name: TraceName;
  readonly id: NodeId;
  readonly state: HardState;
  readonly role: Role;
  readonly lastIndex: number;
  readonly voters: readonly [IdSet, IdSet];
  /** With `Send` and `Receive`. */
  readonly message?: Message;
  /** With `ApplyConfChange`: the membership about to take effect. */
  readonly membership?: Membership;
  /** With `ChangeConf`: the change about to be appended. */
  readonly change?: ConfChange;
}

export type TraceDetail = Pick<TraceEvent, 'message' | 'membership' | 'change'>;

export type TraceSink = (event: TraceEvent) => void;
