import type { CaissonError } from './errors/caisson-error.js';
import type { StoreBatch } from './ordered-store.js';
import type { Store } from './store.js';
import { list } from './token.js';

/** A committed, opened entry. `payload` starts with its opcode and belongs to the applier. */
export interface ApplyEntry {
  readonly group: number;
  readonly term: number;
  readonly index: number;
  readonly proposalId: bigint;
  readonly payload: Uint8Array;
}

/**
 * What an entry came to. Every replica decides alike, from the entry and replicated state alone.
 *
 * Conditions of the world (I/O, a missing key, bytes that cannot be decoded) are no outcome: they are thrown,
 * and the engine halts without advancing. A swallowed failure would let replicas diverge.
 */
export type ApplyOutcome =
  | {
      readonly kind: 'applied';
      /** Answer for the proposer, in the applier's own codec. */
      readonly result: Uint8Array;
      /** The batch must be synced before the entry counts as applied. */
      readonly sync?: boolean;
    }
  /** Nothing of the entry is in the batch; the index advances; the proposer gets the error. */
  | { readonly kind: 'refused'; readonly error: CaissonError };

export interface OpcodeRange {
  readonly first: number;
  readonly last: number;
  /** Such an entry ends the batch before it and is applied alone. */
  readonly alone: boolean;
}

/** What an applier may use in one group. */
export interface ApplierGroup {
  readonly id: number;
  readonly store: Store;
}

/**
 * Applies entries of one group, one after the other, in log order.
 *
 * Reads no clock, randomness, configuration or other group. Entries at or below the persisted applied index
 * are never passed in again.
 */
export interface GroupApplier {
  /**
   * Adds the entry's effects to `batch`; the engine adds the applied index and writes it. Several entries may
   * share a batch: a later one must see the effects of an earlier one although the store does not show them
   * yet, so the applier remembers what it added until `written`.
   */
  apply(entry: ApplyEntry, batch: StoreBatch): Promise<ApplyOutcome> | ApplyOutcome;
  /** The batch with everything applied since the last call is in the store. */
  written(): void;
}

/**
 * Owns ranges of entry opcodes. An opcode that nobody owns halts the group; two owners are `PLAN_INVALID`.
 */
export interface Applier {
  readonly id: string;
  readonly opcodes: readonly OpcodeRange[];
  open(group: ApplierGroup): Promise<GroupApplier>;
}

export const Applier = list<Applier>('Applier');
