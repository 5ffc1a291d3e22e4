import { type Random, Secret } from '@caisson/contracts';
import { DEK_BYTES, type KeyPurpose, PURPOSE_CODE, type WrappedKey } from '@caisson/formats';
import { checkValue } from '../keys/check-value.js';
import type { NodeEncryption } from '../node/node-encryption.js';

/**
 * A new DEK, wrapped by every provider and unwrapped again through each of them: what cannot be opened later
 * is never proposed. The DEK itself is erased here; it comes back by unwrapping, as on every other node.
 */
export async function newKey(
  { keys, parts }: NodeEncryption,
  keyId: number,
  purpose: KeyPurpose,
  signal?: AbortSignal,
): Promise<WrappedKey> {
  const originId = parts.directory.identity.clusterId;
  const context = { originId, keyId, purpose: PURPOSE_CODE[purpose] };
  const dek = drawDek(parts.random);
  try {
    const container = await keys.ring.wrap(dek, context, signal);
    await keys.ring.verify(container, context, dek, signal);
    return { keyId, purpose, originId, check: checkValue(parts.hashes, dek), container };
  } finally {
    dek.erase();
  }
}

function drawDek(random: Random): Secret {
  const bytes = random.bytes(DEK_BYTES);
  const dek = new Secret(bytes);
  bytes.fill(0);
  return dek;
}

/** Drawn at random, never 0, never one that is in use, just drawn, or retired in any group. */
export function freshKeyId({ sessions, parts, keys }: NodeEncryption, drawn: readonly number[]): number {
  const retired = sessions.flatMap(({ state }) => state.current.keys.retiredIds);
  const taken = new Set([0, ...retired, ...drawn]);
  for (;;) {
    const id = parts.random.integer(2 ** 32);
    if (!taken.has(id) && keys.keystore.get(id) === undefined) return id;
  }
}
