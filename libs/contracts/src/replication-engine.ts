import type { ApplyOutcome } from './applier.js';
import type { ProposalSource } from './encryption-layer.js';
import type { CaissonError } from './errors/caisson-error.js';
import type { KeyReferences } from './key-references.js';
import type { StoreBatch } from './ordered-store.js';
import type { ReadableStore } from './store.js';
import { slot } from './token.js';

export type Consistency =
  /** Sees every write acknowledged before the call. */
  | 'linearizable'
  /** Serves what this node has applied, and says how old it is. */
  | 'stale';

export interface ProposeOptions {
  readonly source: ProposalSource;
  /** Gives up waiting, not the proposal: after an abort the outcome is unknown. */
  readonly signal?: AbortSignal;
}

export interface Proposed {
  /** Position of the entry in the group's order of entries. */
  readonly position: number;
  readonly outcome: ApplyOutcome;
}

export interface ReadPoint {
  /** Everything up to here is applied on this node. */
  readonly position: number;
  /** How long ago this node last knew itself up to date; 0 for linearizable reads. */
  readonly staleMs: number;
}

/** A bounded piece of background work: adds writes to the batch and says whether there is more to do. */
export type MaintenanceSlice = (batch: StoreBatch) => Promise<{ readonly more: boolean }>;

export interface GroupStatus {
  readonly id: number;
  /** Position of the last entry that is applied here. */
  readonly applied: number;
  /** Position of the last entry that is known durable here. */
  readonly durable: number;
  /** Entries up to here have left this node's log; what they did is durable without it. */
  readonly logStart?: number;
  /** Whether this node takes proposals for the group. */
  readonly leads: boolean;
  /** Name of the leading node, when known. */
  readonly leader?: string;
  /**
   * Grows each time leadership begins anew, on this node or elsewhere; never falls on one node. Two calls
   * that see the same number while `leads` is true saw one uninterrupted leadership.
   */
  readonly leadership: number;
  readonly members: readonly Member[];
  /** Why the group stopped applying, when it did. */
  readonly halted?: string;
  /** Entries without effect so far: refused before they were opened, or by their applier. */
  readonly refused: number;
}

export interface Member {
  readonly name: string;
  readonly role: 'voter' | 'learner';
  /** Where its peers reach it; absent for a node that takes no peers. */
  readonly address?: string;
  /** Where clients reach it. */
  readonly clientAddress?: string;
  /** What the leader knows of it; absent elsewhere. */
  readonly progress?: MemberProgress;
}

export interface MemberProgress {
  /** Position up to which its log is known to agree with the leader's. */
  readonly matched: number;
  /** `catching-up` while what it needs is found out, `snapshot` while it is sent one. */
  readonly state: 'catching-up' | 'following' | 'snapshot';
  /** Whether it was heard of within an election timeout. */
  readonly active: boolean;
}

/** Where a member is reached, as its own configuration says. */
export interface MemberAddresses {
  readonly address: string;
  readonly clientAddress: string;
}

export type MembershipChange =
  /**
   * Refused unless the candidate answers at `address`, belongs to this cluster and can keep its secrets.
   */
  | ({ readonly kind: 'addLearner'; readonly name: string } & MemberAddresses)
  /** `NOT_CAUGHT_UP` while the learner's log is too far behind. */
  | { readonly kind: 'promote'; readonly name: string }
  /** Of a voter or a learner. Of the leader itself: leadership is handed over first. */
  | { readonly kind: 'remove'; readonly name: string }
  /** Its addresses changed; who votes stays. */
  | ({ readonly kind: 'update'; readonly name: string } & MemberAddresses);

/** One ordered history of entries and the state it leads to. */
export interface ReplicatedGroup {
  readonly id: number;
  readonly store: ReadableStore;
  /**
   * Replicates a payload and resolves with what applying it came to.
   *
   * Entries take their places in the order of the calls, decided before the call returns to its caller's
   * synchronous code: a timestamp drawn just before keeps its order. Acknowledged means durable on a quorum
   * and applied here. The payload is handed over: nobody changes it after the call.
   *
   * Rejects with `NOT_LEADER`, `DRAINING`, `TOO_MANY_REQUESTS`, `INVALID_ARGUMENT` (empty, or longer than
   * the engine takes), `OPCODE_UNOWNED` or an admission error (nothing was proposed), or with
   * `UNKNOWN_OUTCOME`,
   * `CANCELLED`, `APPLY_HALTED` (it may have been).
   */
  propose(payload: Uint8Array, options: ProposeOptions): Promise<Proposed>;
  /** Waits until `store` shows at least everything the consistency asks for. Barriers are batched. */
  readBarrier(consistency: Consistency, signal?: AbortSignal): Promise<ReadPoint>;
  /**
   * Runs slices between applies, in the same writer queue, so that nothing else writes meanwhile; each
   * slice is one batch. Resolves after the first slice without more, or as soon as the signal aborts.
   */
  maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void>;
  status(): GroupStatus;
  /**
   * What is under one data key on this node, in store and log, once everything that was acknowledged before
   * the call is applied here. Reads every stored value. Absent in an engine that keeps no log.
   */
  keyReferences?(keyId: number, signal?: AbortSignal): Promise<KeyReferences>;
}

/** What an engine can do; the rest rejects with `UNIMPLEMENTED`. */
export interface EngineCapabilities {
  readonly membership: boolean;
  readonly snapshots: boolean;
}

export interface ScrubOrder {
  /** The same id is the same order. 64 bits. */
  readonly id: bigint;
  /** Entries up to here leave the log, even where members that fell behind could still use them. */
  readonly through: number;
}

export interface ScrubState {
  readonly stage: /** Until what must leave the log is applied here, and other orders are done. */
  | 'waiting'
    /** Entries leave the log, and their bytes its files. */
    | 'log'
    /** Values that were overwritten or removed leave the files of the store. */
    | 'store'
    | 'done'
    | 'failed';
  /** Why it failed. */
  readonly error?: CaissonError;
}

/**
 * Ordered, durable, replicated entries, and the loop that applies them: decode → open → dispatch to the
 * applier of the opcode → effects and applied index in one batch → answer. There is no Raft in this
 * contract.
 *
 * A failure of the world inside apply halts the group: the applied index does not advance, waiting
 * proposers get `APPLY_HALTED` (never a "failed"), and the engine reports a fatal fault that names group,
 * position, reason and next step. The restart replays the same entry.
 */
export interface ReplicationEngine {
  readonly capabilities: EngineCapabilities;
  /** Ids of the groups of this node, ascending. */
  readonly groups: readonly number[];
  /** `INVALID_ARGUMENT` for a group that is not here. */
  group(id: number): ReplicatedGroup;
  /**
   * One change at a time; resolves once it is applied here. Repeating a change that is in force already is
   * a success without a further entry. `NOT_LEADER` elsewhere than on the leader.
   */
  changeMembership(group: number, change: MembershipChange, signal?: AbortSignal): Promise<void>;
  /** Moves leadership away; `INVALID_ARGUMENT` for a node that cannot take it. */
  transferLeadership(group: number, target: string, signal?: AbortSignal): Promise<void>;
  /** Saves the applied state and lets the log be compacted behind it; resolves with its position. */
  takeSnapshot(group: number, signal?: AbortSignal): Promise<number>;
  /**
   * Frees the files of this node, and of no other, from what they held once: begins, or says how far it is.
   * Returns at once; the work goes on when nobody asks, one order after the other. An order that this process
   * remembers is not carried out again. Absent in an engine that keeps nothing in files.
   */
  scrub?(group: number, order: ScrubOrder): ScrubState;
}

export const ReplicationEngine = slot<ReplicationEngine>('ReplicationEngine');
