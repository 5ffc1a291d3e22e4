import { CaissonError } from '@caisson/contracts';
import type { SidecarKey } from '@caisson/formats';
import type { GroupState } from '../state/group-state.js';
import type { SidecarChange } from '../sidecar/sidecar-merge.js';
import { sidecarGroup, sidecarKey } from '../sidecar/sidecar-records.js';
import { EPOCH_MAX, type NodeKeys } from './node-keys.js';

/**
 * The sidecar of a node that lost it, from the group's key state: its keys are unwrapped and held. What the
 * registry does not know of this node's epochs is lost with the file; the first epoch after it is one further
 * than the registry asks for, which covers a start that sealed and never came to register.
 */
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
    const seen = state.ownEpochs.get(record.keyId);
    const epoch = seen === undefined ? 0 : seen + 1;
    if (epoch > EPOCH_MAX)
      throw new CaissonError('LOCAL_EPOCH_EXHAUSTED', { keyId: record.keyId, epoch: EPOCH_MAX });
    records.set(record.keyId, sidecarKey(record, keys.nowMs(), epoch));
  }
  return { keys: records, groups: new Map([[group, sidecarGroup(state.keys)]]) };
}
