import type { CaissonError } from '@caisson/contracts';
import type { CutoverProgress, KeyState, UsageRow, WriterClaim, WriterRow } from '@caisson/formats';
import type { SidecarChange } from '../sidecar/sidecar-merge.js';

/** A claim that the registry accepts; `row` is absent when it holds the claim already. */
export interface AcceptedClaim {
  readonly claim: WriterClaim;
  readonly row: WriterRow | undefined;
}

/** What one node has claimed to have used of one key. */
export interface UsageChange {
  readonly dekId: number;
  readonly row: UsageRow;
}

/** What an entry does. Made before anything is touched, so that a refusal has touched nothing. */
export interface Effects {
  readonly kind: 'effects';
  readonly claims: readonly AcceptedClaim[];
  /** Rows of the registry that go, with the key they are of. */
  readonly dropped?: readonly Pick<WriterClaim, 'dekId' | 'fullNodeId'>[];
  /** The key state after the entry, where it changes. */
  readonly keys?: KeyState;
  readonly progress?: CutoverProgress;
  readonly usage?: readonly UsageChange[];
  /** Must be durable before the batch is written. */
  readonly sidecar?: SidecarChange;
}

export type Decision =
  | Effects
  /** A repeat: success without effect. */
  | { readonly kind: 'consumed' }
  /** `claim` is the one that was refused, if it was about one. */
  | { readonly kind: 'refused'; readonly error: CaissonError; readonly claim?: WriterClaim };

export const CONSUMED: Decision = Object.freeze({ kind: 'consumed' });

export function refuse(error: CaissonError): Decision {
  return { kind: 'refused', error };
}
