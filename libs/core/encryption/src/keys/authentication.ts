import { toUtf8 } from '@caisson/base';
import type { Hashes, Secret } from '@caisson/contracts';

/** What is authenticated under a key derived from a storage DEK; the names keep the derived keys apart. */
export type AuthenticatedRecord = 'sidecar' | 'keyState' | 'diskReport';

const INFO: Readonly<Record<AuthenticatedRecord, Uint8Array>> = Object.freeze({
  sidecar: toUtf8('caisson/sidecar-mac/1'),
  keyState: toUtf8('caisson/key-state-mac/1'),
  diskReport: toUtf8('caisson/disk-report/1'),
});

const MAC_KEY_BYTES = 32;

export interface MacKey {
  readonly hashes: Hashes;
  readonly dek: Secret;
  readonly clusterId: Uint8Array;
}

/**
 * HMAC-SHA-256 of the parts as one, under HKDF-SHA-256(DEK, cluster id, record name). The same on every
 * replica.
 */
export function recordMac(
  key: MacKey,
  record: AuthenticatedRecord,
  ...parts: readonly Uint8Array[]
): Uint8Array {
  const derived = key.hashes.hkdfSha256(key.dek, key.clusterId, INFO[record], MAC_KEY_BYTES);
  const mac = key.hashes.hmacSha256(derived, ...parts);
  derived.erase();
  return mac;
}
