import { CaissonError } from '@caisson/contracts';
import type { KeyPurpose } from '@caisson/formats';
import type { GroupState } from '../state/group-state.js';
import { BLOCK_BYTES, type UsageLimits } from './usage-limits.js';

export interface ActiveKeyUse {
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  readonly bytes: number;
}

/** How much the cluster has claimed of the keys that are active; none before there are any. */
export function activeKeyUse({ keys, usage }: GroupState): readonly ActiveKeyUse[] {
  const use = (keyId: number, purpose: KeyPurpose): ActiveKeyUse => ({
    keyId,
    purpose,
    bytes: usage.total(keyId).blocks * BLOCK_BYTES,
  });
  const { activeStorage, activeRaft } = keys;
  return activeStorage === 0 ? [] : [use(activeStorage, 'storage'), use(activeRaft, 'raft')];
}

/**
 * Why users may not write under the keys that are active. Asked where entries are proposed, never where they
 * are applied: replicas that differ in a limit must not differ in what they apply.
 */
export function usedUp(
  state: GroupState,
  { hard }: Pick<UsageLimits, 'hard'>,
  group: number,
): CaissonError | undefined {
  const key = activeKeyUse(state).find(({ bytes }) => bytes >= hard);
  return key && new CaissonError('KEY_USAGE_EXHAUSTED', { group, ...key, limit: hard });
}
