import {
  type ErrorCode,
  isCaissonError,
  type KekCheck,
  type KekProvider,
  toCaissonError,
} from '@caisson/contracts';
import { decodeWrappedDek, type KeyRecord, PURPOSE_CODE, type WrappedDekSlot } from '@caisson/formats';
import type { NodeEncryption } from '../node/node-encryption.js';

interface Configured {
  readonly provider: KekProvider;
  readonly name: string;
  readonly keyRef: string;
}

type Found = Pick<KekCheck, 'result' | 'error'>;

/** A KEK that is not there cannot say which one it is. */
const NAMELESS = { provider: 'unknown', keyRef: '' };

/** Opens every key through every KEK, one after the other, and says what came of each pair. */
export async function checkKeks(
  node: NodeEncryption,
  keys: readonly KeyRecord[],
  signal?: AbortSignal,
): Promise<readonly KekCheck[]> {
  const { configured, failures } = await describeAll(node.keys.ring.providers);
  const checks: KekCheck[] = [];
  for (const key of keys) {
    const slots = decodeWrappedDek(key.container);
    const add = ({ provider, keyRef }: Pick<WrappedDekSlot, 'provider' | 'keyRef'>, found: Found) =>
      void checks.push({ keyId: key.keyId, purpose: key.purpose, provider, keyRef, ...found });
    for (const slot of slots) {
      const by = configured.find(({ name, keyRef }) => name === slot.provider && keyRef === slot.keyRef);
      add(
        slot,
        by === undefined ? { result: 'not-configured' } : await open(node, key, { slot, by }, signal),
      );
    }
    for (const { name, keyRef } of configured) {
      const isWrapped = slots.some((slot) => slot.provider === name && slot.keyRef === keyRef);
      if (!isWrapped) add({ provider: name, keyRef }, { result: 'not-wrapped' });
    }
    for (const error of failures) add(NAMELESS, failed(error));
  }
  return checks;
}

/** Whether every key is wrapped by exactly the KEKs of this node. */
export async function isWrappedByAll(node: NodeEncryption, keys: readonly KeyRecord[]): Promise<boolean> {
  const { configured, failures } = await describeAll(node.keys.ring.providers);
  if (failures.length > 0) return false;
  const wanted = configured.map(({ name, keyRef }) => `${name}:${keyRef}`);
  return keys.every(({ container }) => {
    const found = decodeWrappedDek(container).map(({ provider, keyRef }) => `${provider}:${keyRef}`);
    return found.length === wanted.length && wanted.every((kek) => found.includes(kek));
  });
}

async function open(
  node: NodeEncryption,
  { keyId, purpose, originId }: KeyRecord,
  { slot, by }: { readonly slot: WrappedDekSlot; readonly by: Configured },
  signal?: AbortSignal,
): Promise<Found> {
  try {
    const context = { keyId, originId, purpose: PURPOSE_CODE[purpose] };
    const dek = await by.provider.unwrap(slot.blob, context, signal);
    const held = node.keys.keystore.get(keyId)?.dek;
    const isSame = held !== undefined && node.parts.hashes.equal(dek.reveal(), held.reveal());
    dek.erase();
    return isSame ? { result: 'opened' } : failed('KEY_CONFLICT');
  } catch (error) {
    signal?.throwIfAborted();
    if (!isCaissonError(error)) throw error;
    return failed(error.code);
  }
}

function failed(error: ErrorCode): Found {
  return { result: 'failed', error };
}

/** Those that know their key, and why others do not. */
async function describeAll(providers: readonly KekProvider[]): Promise<{
  readonly configured: readonly Configured[];
  readonly failures: readonly ErrorCode[];
}> {
  const configured: Configured[] = [];
  const failures: ErrorCode[] = [];
  for (const provider of providers) {
    try {
      const { provider: name, keyRef } = await provider.describe();
      configured.push({ provider, name, keyRef });
    } catch (error) {
      failures.push(toCaissonError(error).code);
    }
  }
  return { configured, failures };
}
