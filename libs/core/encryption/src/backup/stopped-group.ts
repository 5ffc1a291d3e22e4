import { type NodeIdentity, type StoredView, type UntrustedStore } from '@caisson/contracts';
import { decodeKeyState, SYSTEM_KEYS } from '@caisson/formats';
import { GroupView } from '../snapshot/group-view.js';
import { readAppliedIndex } from '../state/read-state.js';
import type { BackupKeys } from './backup-keys.js';

/** A group of a node that does not run, as it lies on its disk. */
export interface StoppedGroup {
  readonly view: StoredView;
  /** The last entry that is in it. */
  readonly applied: number;
}

/**
 * Reads a group without starting its node. `keys` authenticate what is read from it, so they are opened here:
 * `KEK_NOT_CONFIGURED` where the group has keys and there is no KEK.
 */
export async function openStoppedGroup(
  { id, store }: { readonly id: number; readonly store: UntrustedStore },
  identity: NodeIdentity,
  keys: BackupKeys,
): Promise<StoppedGroup> {
  const { clusterId } = identity;
  const row = await store.get(SYSTEM_KEYS.keyState);
  if (row !== undefined) await keys.open({ group: id, clusterId, state: decodeKeyState(row) });
  const applied = await readAppliedIndex(store);
  const { hashes, keystore } = keys;
  const view = new GroupView({ group: id, view: store.view(), hashes, keystore, clusterId });
  return { view, applied };
}
