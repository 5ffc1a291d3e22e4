import { CaissonError, type PreparedKey } from '@caisson/contracts';
import {
  ENVELOPE_V1,
  ENVELOPE_V1_PREFIX_BYTES,
  type EnvelopeLayer,
  FLAG_COMPRESSED,
  raftAad,
  storageAad,
  viewEnvelope,
  writeEnvelopePrefix,
} from '@caisson/formats';
import {
  type EnvelopeSuite,
  type KeyFinder,
  type PayloadPlace,
  requireKey,
  type SealingKey,
  type ValuePlace,
} from './envelope-suite.js';

/**
 * Version 1: AES-256-GCM under the DEK itself. A payload is bound to its key alone, not to its place in the
 * log, and nonces are as safe as the disk that remembers the epochs.
 */
export const envelopeV1: EnvelopeSuite = {
  version: ENVELOPE_V1,

  sealValue(by: SealingKey, place: ValuePlace, plaintext: Uint8Array, room = 0): Uint8Array {
    const { headerBytes, storeKey } = place;
    return seal(by, room, storageAad({ flag: 0, keyId: by.key.keyId, headerBytes, storeKey }), plaintext);
  },

  openValue(keys: KeyFinder, place: ValuePlace, envelope: Uint8Array, room = 0): Uint8Array | undefined {
    const { flag, keyId, nonce, sealed } = viewEnvelope(envelope, 'storage');
    const key = requireKey(keys, keyId, 'storage').prepared(ENVELOPE_V1);
    const { headerBytes, storeKey } = place;
    const aad = storageAad({ flag, keyId, headerBytes, storeKey });
    const plaintext =
      room === 0 ? key.open(nonce, aad, sealed) : openBehind(key, room, aad, { nonce, sealed });
    if (plaintext !== undefined && (flag & FLAG_COMPRESSED) !== 0) throw unreadable('storage');
    return plaintext;
  },

  sealPayload(by: SealingKey, _place: PayloadPlace, payload: Uint8Array): Uint8Array {
    return seal(by, 0, raftAad(by.key.keyId), payload);
  },

  openPayload(keys: KeyFinder, _place: PayloadPlace, envelope: Uint8Array): Uint8Array | undefined {
    const { keyId, nonce, sealed } = viewEnvelope(envelope, 'raft');
    const key = requireKey(keys, keyId, 'raft').prepared(ENVELOPE_V1);
    return key.open(nonce, raftAad(keyId), sealed);
  },
};

/** The envelope behind `room` bytes that the caller fills. */
function seal({ key, nonces }: SealingKey, room: number, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const nonce = nonces.next();
  const prepared = key.prepared(ENVELOPE_V1);
  const front = room + ENVELOPE_V1_PREFIX_BYTES;
  const bytes =
    prepared.sealBehind?.(front, nonce, aad, plaintext) ??
    behind(front, prepared.seal(nonce, aad, plaintext));
  writeEnvelopePrefix(bytes, room, { flag: 0, keyId: key.keyId, nonce });
  return bytes;
}

function openBehind(
  key: PreparedKey,
  room: number,
  aad: Uint8Array,
  { nonce, sealed }: { readonly nonce: Uint8Array; readonly sealed: Uint8Array },
): Uint8Array | undefined {
  if (key.openBehind !== undefined) return key.openBehind(room, nonce, aad, sealed);
  const plaintext = key.open(nonce, aad, sealed);
  return plaintext && behind(room, plaintext);
}

function behind(room: number, bytes: Uint8Array): Uint8Array {
  const joined = new Uint8Array(room + bytes.length);
  joined.set(bytes, room);
  return joined;
}

/** Authentic, but written by a build that compresses before it seals. */
function unreadable(layer: EnvelopeLayer): CaissonError {
  return new CaissonError('ENVELOPE_MALFORMED', {
    layer,
    problem: 'compressed, which this build cannot read',
  });
}
