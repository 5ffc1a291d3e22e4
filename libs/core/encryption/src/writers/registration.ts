import { CaissonError } from '@caisson/contracts';
import type { WriterClaim, WriterRow } from '@caisson/formats';

/** What becomes of a claim to a row, by the row alone. Every replica decides alike. */
export type Registration =
  | { readonly kind: 'written'; readonly row: WriterRow }
  /** A repeat: success, and nothing to write. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly error: CaissonError };

/**
 * The five cases of a claim. Whose row it is comes before its epoch: a stranger under the same 16 bits must
 * hear of the collision, not of an epoch that is none of its own.
 */
export function decideRegistration(row: WriterRow | undefined, claim: WriterClaim): Registration {
  const { dekId, fullNodeId, epoch } = claim;
  if (row === undefined) {
    return { kind: 'written', row: { fullNodeId, firstSeenEpoch: epoch, lastSeenEpoch: epoch } };
  }
  if (row.fullNodeId !== fullNodeId) {
    const details = { dekId, claimedBy: fullNodeId, heldBy: row.fullNodeId };
    return { kind: 'refused', error: new CaissonError('NODE_ID_COLLISION', details) };
  }
  if (epoch === row.lastSeenEpoch) return { kind: 'unchanged' };
  if (epoch > row.lastSeenEpoch) return { kind: 'written', row: { ...row, lastSeenEpoch: epoch } };
  const details = { dekId, node: fullNodeId, epoch, lastSeenEpoch: row.lastSeenEpoch };
  return { kind: 'refused', error: new CaissonError('LOCAL_EPOCH_ROLLBACK', details) };
}
