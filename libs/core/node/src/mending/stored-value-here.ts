import { CaissonError, type GroupEncryption } from '@caisson/contracts';
import type { StoredValueQuestion } from '@caisson/formats';
import type { AppliedPosition } from '../reading/applied-position.js';

export interface StoredValueParts {
  readonly encryption: Pick<GroupEncryption, 'storedValue'>;
  readonly position: Pick<AppliedPosition, 'value'>;
}

/**
 * A value for a member that cannot open its own. A node that has applied less than the asker might have none
 * yet, or an older one under the same key; it says so, and the asker asks again.
 */
export async function storedValueHere(
  { encryption, position }: StoredValueParts,
  { group, applied, storeKey }: StoredValueQuestion,
): Promise<Uint8Array | undefined> {
  if (position.value < applied) {
    throw new CaissonError('UNAVAILABLE', {
      group,
      problem: 'has not applied as much',
      applied: position.value,
    });
  }
  return encryption.storedValue?.(storeKey);
}
