import { CaissonError } from '@caisson/contracts';
import type { SidecarKey } from '@caisson/formats';
import type { GroupState } from '../state/group-state.js';
import type { SidecarChange } from '../sidecar/sidecar-merge.js';
import { sidecarGroup, sidecarKey } from '../sidecar/sidecar-records.js';
import type { NodeKeys } from './node-keys.js';

/** The sidecar of a node that lost it, from the group's key state: its keys are unwrapped and held. */
export async function restoreSidecar(
  keys: NodeKeys,
  group: number,
  state: GroupState,
  signal?: AbortSignal,
): Promise<SidecarChange> {
  const records = new Map<number, SidecarKey>();
  for (const record of state.keys.keys) {
    if (record.state === 'retired') continue;
    await keys.load(record, signal);
    const epoch = epochAfterLoss(state, record.keyId);
    if (epoch > keys.epochMax)
      throw new CaissonError('LOCAL_EPOCH_EXHAUSTED', { keyId: record.keyId, epoch: keys.epochMax });
    records.set(record.keyId, sidecarKey(record, keys.nowMs(), epoch));
  }
  return { keys: records, groups: new Map([[group, sidecarGroup(state.keys)]]) };
}

/**
 * What a node records as its epoch under a key of which it has no record, but perhaps had. The first epoch it
 * uses comes after this one, and so is one further than the registry asks for: that covers a start that
 * sealed and never came to register.
 */
export function epochAfterLoss({ ownEpochs }: GroupState, keyId: number): number {
  const seen = ownEpochs.get(keyId);
  return seen === undefined ? 0 : seen + 1;
}
