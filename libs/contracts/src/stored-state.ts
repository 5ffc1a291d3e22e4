import type { Cursor, Pair } from './ordered-store.js';
import { slot } from './token.js';

/**
 * Everything a group has replicated, at one moment and as its store holds it: sealed values stay sealed, and
 * rows that belong to this node alone (table 0x06) are not among it. Holds resources until `close`.
 */
export interface StoredView {
  /** A row of tables 0x01 to 0x05. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** All rows of these tables, ascending. Each call starts again and finds the same. */
  rows(): Cursor;
  /**
   * HMAC-SHA-256 of the parts under the key that also authenticates the view's key state; empty before
   * bootstrap, when there is no such key.
   */
  authenticate(...parts: readonly Uint8Array[]): Promise<Uint8Array>;
  /** Harmless when repeated. */
  close(): Promise<void>;
}

/** What the sender of a state said of it under the key of the state itself. */
export interface StateProof {
  /** What was authenticated, in the pieces in which it was. */
  readonly parts: readonly Uint8Array[];
  readonly mac: Uint8Array;
}

/**
 * A state that comes from elsewhere, in a store of its own beside the one in use.
 *
 * Order of use: `add` as often as needed → `verify` → `adopt`; `discard` at any time before `adopt`. Until
 * `adopt` nothing that is in force changes, not even the set of keys held.
 */
export interface IncomingState {
  /** A row that was added. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Rows of tables 0x01 to 0x05. Whoever calls sees to it that no key comes twice. */
  add(pairs: readonly Pair[]): Promise<void>;
  /**
   * Makes what was added durable and decides whether it may be believed.
   *
   * `CLUSTER_MISMATCH`; `KEY_CONFLICT` where a key id stands for another key here; `KEK_NOT_CONFIGURED`,
   * `KEK_MISMATCH` and whatever providers say where its keys do not open, or not to the keys they claim to
   * be; `NODE_ID_COLLISION`; `ENVELOPE_CUTOVER_DIVERGENCE`; `SNAPSHOT_INVALID` for a proof that does not
   * hold, a state that is older than this node's, or one that lost its encryption.
   */
  verify(proof: StateProof, signal?: AbortSignal): Promise<void>;
  /**
   * Takes the place of the state in use: first its keys are recorded durably, then the stores change places
   * and what was remembered of the old one is read anew. Reads under way on the old one fail with
   * `STORE_CLOSED`; the group's `Store` stays the same object. Nothing else may write meanwhile.
   *
   * A rejection leaves a state that only `StoredStates.finish` can bring to an end: the process must end.
   */
  adopt(): Promise<void>;
  /** Removes what was added. Harmless when repeated, and without effect once `adopt` was called. */
  discard(): Promise<void>;
}

/** The stored side of the groups of this node, for moving a whole state from node to node. */
export interface StoredStates {
  /**
   * Of an open group: the state after the last batch that was written. What is read for `purpose` counts
   * among what refers to a data key until it is closed; without one nothing is kept of it.
   */
  view(group: number, purpose?: 'snapshot' | 'backup'): StoredView;
  /** An empty state for an open group; what an earlier one left is removed first. */
  receive(group: number): Promise<IncomingState>;
  /**
   * Brings an `adopt` to its end that was begun and did not resolve, of a group that is not open yet; one
   * that had ended stays as it is. It is up to the caller to know that `adopt` was begun.
   */
  finish(group: number, signal?: AbortSignal): Promise<void>;
  /**
   * Removes states that were not adopted, and those that were replaced. Not while an incoming one is in use.
   */
  clear(group: number): Promise<void>;
}

export const StoredStates = slot<StoredStates>('StoredStates');
