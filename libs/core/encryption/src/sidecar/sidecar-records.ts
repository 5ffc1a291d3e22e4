import type { KeyRecord, KeyState, SidecarGroup, SidecarKey } from '@caisson/formats';

/** What a node remembers of a group's key state outside its store. */
export function sidecarGroup(keys: Omit<KeyState, 'mac'>): SidecarGroup {
  return {
    raftAppliedIndex: keys.stateIndex,
    activeStorage: keys.activeStorage,
    activeRaft: keys.activeRaft,
    storageEnvelopeActive: keys.storageEnvelopeActive,
    storageEnvelopeCutoverIndex: keys.storageCutoverIndex,
    storageCutoverTs: keys.storageCutoverTs,
    raftEnvelopeCutoverIndex: keys.raftCutoverIndex,
  };
}

export function sidecarKey(key: KeyRecord, created: number, localEpoch: number): SidecarKey {
  const { purpose, originId, check, container, state } = key;
  return { purpose, originId, check, wrapped: container, created, localEpoch, state };
}
