import { copyBytes, EMPTY_BYTES, toUtf8 } from '@caisson/base';
import type { Hashes, Secret } from '@caisson/contracts';
import { CHECK_BYTES } from '@caisson/formats';

const INFO = toUtf8('caisson/check/1');

/**
 * Eight bytes that tell one DEK from another without telling anything about it. Compared on every load, so
 * that a wrong key is diagnosed as one and not as a damaged value later.
 */
export function checkValue(hashes: Hashes, dek: Secret): Uint8Array {
  const derived = hashes.hkdfSha256(dek, EMPTY_BYTES, INFO, CHECK_BYTES);
  return copyBytes(derived.reveal());
}
