import { equalBytes } from '@caisson/base';
import { CaissonError, type OrderedStore } from '@caisson/contracts';
import {
  decodeCutoverProgress,
  decodeIndexRow,
  decodeKeyState,
  decodeMembership,
  decodeTimestampRow,
  EMPTY_KEY_STATE,
  type Membership,
  SYSTEM_KEYS,
  type UsageRow,
} from '@caisson/formats';
import { ClusterUsage } from '../usage/cluster-usage.js';
import type { WriterRegistry } from '../writers/writer-registry.js';
import type { GroupState } from './group-state.js';

type Reader = Pick<OrderedStore, 'get'>;

export async function readAppliedIndex(store: Reader): Promise<number> {
  const row = await store.get(SYSTEM_KEYS.appliedIndex);
  return row === undefined ? 0 : decodeIndexRow(row);
}

/** 0 for a group without a commit. */
export async function readLastCommitTs(store: Reader): Promise<bigint> {
  const row = await store.get(SYSTEM_KEYS.lastCommitTs);
  return row === undefined ? 0n : decodeTimestampRow(row);
}

export async function readMembership(store: Reader): Promise<Membership | undefined> {
  const row = await store.get(SYSTEM_KEYS.membership);
  return row === undefined ? undefined : decodeMembership(row);
}

/** `CLUSTER_MISMATCH` when the store remembers another cluster; a new store remembers none. */
export async function requireCluster(store: Reader, clusterId: Uint8Array, group: number): Promise<void> {
  const row = await store.get(SYSTEM_KEYS.clusterId);
  if (row !== undefined && !equalBytes(row, clusterId)) {
    throw new CaissonError('CLUSTER_MISMATCH', { group, problem: 'the store holds another cluster' });
  }
}

/** The rows as stored; whether the key state's MAC is right is the caller's to verify. */
export async function readGroupState(
  store: Reader,
  registry: WriterRegistry | undefined,
  fullNodeId: bigint,
): Promise<GroupState> {
  const keyState = await store.get(SYSTEM_KEYS.keyState);
  const progress = await store.get(SYSTEM_KEYS.cutoverProgress);
  const keys = keyState === undefined ? EMPTY_KEY_STATE : decodeKeyState(keyState);
  const ownEpochs = new Map<number, number>();
  const usage = new Map<number, readonly UsageRow[]>();
  for (const { keyId } of registry === undefined ? [] : keys.keys) {
    const row = await registry?.row(keyId, fullNodeId);
    if (row?.fullNodeId === fullNodeId) ownEpochs.set(keyId, row.lastSeenEpoch);
    usage.set(keyId, (await registry?.usage.of(keyId)) ?? []);
  }
  return {
    keys,
    progress: progress === undefined ? undefined : decodeCutoverProgress(progress),
    ownEpochs,
    usage: ClusterUsage.of(usage),
  };
}
