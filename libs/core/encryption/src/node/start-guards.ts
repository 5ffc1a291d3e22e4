import { equalBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { Sidecar } from '@caisson/formats';
import { activeKeyIds } from '../sidecar/sidecar-merge.js';
import { probeDurability } from '../sidecar/durable-file.js';
import type { NodeEncryptionParts } from './encryption-config.js';
import type { NodeKeys } from './node-keys.js';

/**
 * The guards that come before any store or log is opened, in their order. A refusal leaves the directory as
 * it was, byte for byte; afterwards every DEK of the sidecar is held.
 */
export async function guardStart(
  parts: NodeEncryptionParts,
  keys: NodeKeys,
  signal?: AbortSignal,
): Promise<void> {
  const { disk, directory, config } = parts;
  const isPresent = await keys.book.isPresent();
  if (!config.enabled)
    return refuseDowngrade(isPresent, keys.book.path, directory.identity.birth === 'encrypted');
  if (keys.ring.isEmpty) throw new CaissonError('KEK_REQUIRED_WITH_FLAG');
  await keys.ring.requireUsable();
  await probeDurability(disk, isPresent ? directory.encryptionPath : directory.path);
  const sidecar = await keys.book.read();
  if (sidecar === undefined) return;
  for (const keyId of activeKeyIds(sidecar)) keys.nextEpoch(keyId, sidecar.keys.get(keyId)!.localEpoch);
  await loadKeys(sidecar, keys, signal);
  keys.book.adopt(sidecar);
  if (!equalBytes(sidecar.clusterId, directory.identity.clusterId)) {
    throw new CaissonError('CLUSTER_MISMATCH', {
      path: keys.book.path,
      problem: 'the sidecar is of another cluster',
    });
  }
}

function refuseDowngrade(isSidecarPresent: boolean, path: string, isBornEncrypted: boolean): void {
  if (isSidecarPresent) throw new CaissonError('SIDECAR_PRESENT_WITHOUT_FLAG', { path });
  if (isBornEncrypted) throw new CaissonError('ENCRYPTION_NOT_ENABLED');
}

async function loadKeys(sidecar: Sidecar, keys: NodeKeys, signal?: AbortSignal): Promise<void> {
  for (const [keyId, key] of sidecar.keys) {
    await keys.load({ keyId, ...key, container: key.wrapped }, signal);
  }
}
