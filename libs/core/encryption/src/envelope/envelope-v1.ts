import { CaissonError } from '@caisson/contracts';
import {
  decodeEnvelope,
  encodeEnvelope,
  ENVELOPE_V1,
  type EnvelopeLayer,
  FLAG_COMPRESSED,
  raftAad,
  storageAad,
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
 * Version 1: AES-256-GCM under the DEK itself. A payload is bound to its key alone, not to its place in the log,
 * and nonces are as safe as the disk that remembers the epochs.
 */
export const envelopeV1: EnvelopeSuite = {
  version: ENVELOPE_V1,

  sealValue(by: SealingKey, place: ValuePlace, plaintext: Uint8Array): Uint8Array {
    const aad = storageAad({ flag: 0, keyId: by.key.keyId, ...place });
    return seal(by, aad, plaintext);
  },

  openValue(keys: KeyFinder, place: ValuePlace, envelope: Uint8Array): Uint8Array | undefined {
    const { flag, keyId, nonce, sealed } = decodeEnvelope(envelope, 'storage');
    const key = requireKey(keys, keyId, 'storage').prepared(ENVELOPE_V1);
    const plaintext = key.open(nonce, storageAad({ flag, keyId, ...place }), sealed);
    if (plaintext !== undefined && (flag & FLAG_COMPRESSED) !== 0) throw unreadable('storage');
    return plaintext;
  },

  sealPayload(by: SealingKey, _place: PayloadPlace, payload: Uint8Array): Uint8Array {
    return seal(by, raftAad(by.key.keyId), payload);
  },

  openPayload(keys: KeyFinder, _place: PayloadPlace, envelope: Uint8Array): Uint8Array | undefined {
    const { keyId, nonce, sealed } = decodeEnvelope(envelope, 'raft');
    const key = requireKey(keys, keyId, 'raft').prepared(ENVELOPE_V1);
    return key.open(nonce, raftAad(keyId), sealed);
  },
};

function seal({ key, nonces }: SealingKey, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const nonce = nonces.next();
  const sealed = key.prepared(ENVELOPE_V1).seal(nonce, aad, plaintext);
  return encodeEnvelope({ flag: 0, keyId: key.keyId, nonce, sealed });
}

/** Authentic, but written by a build that compresses before it seals. */
function unreadable(layer: EnvelopeLayer): CaissonError {
  return new CaissonError('ENVELOPE_MALFORMED', {
    layer,
    problem: 'compressed, which this build cannot read',
  });
}
