import {
  ENVELOPE_V1,
  ENVELOPE_V1_PREFIX_BYTES,
  FLAG_COMPRESSED,
  raftAad,
  storageAad,
  viewEnvelope,
  writeEnvelopePrefix,
} from '@caisson/formats';
import { openBehind, sealBehind } from './behind.js';
import { compressedUnreadable } from './compressed.js';
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
    const plaintext = openBehind(key, room, { nonce, aad }, sealed);
    if (plaintext !== undefined && (flag & FLAG_COMPRESSED) !== 0) throw compressedUnreadable();
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
  const front = room + ENVELOPE_V1_PREFIX_BYTES;
  const bytes = sealBehind(key.prepared(ENVELOPE_V1), front, { nonce, aad }, plaintext);
  writeEnvelopePrefix(bytes, room, { flag: 0, keyId: key.keyId, nonce });
  return bytes;
}
