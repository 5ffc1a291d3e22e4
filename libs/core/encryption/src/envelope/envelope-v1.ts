import {
  ENVELOPE_V1,
  ENVELOPE_V1_PREFIX_BYTES,
  raftAad,
  storageAad,
  viewEnvelope,
  writeEnvelopePrefix,
} from '@caisson/formats';
import { openBehind, sealBehind } from './behind.js';
import {
  type EnvelopeSuite,
  flagOf,
  type KeyFinder,
  type PayloadPlace,
  requireKey,
  type SealedPlace,
  type SealingKey,
  type ValuePlace,
} from './envelope-suite.js';

/**
 * Version 1: AES-256-GCM under the DEK itself. A payload is bound to its key alone, not to its place in the
 * log, and nonces are as safe as the disk that remembers the epochs.
 */
export const envelopeV1: EnvelopeSuite = {
  version: ENVELOPE_V1,

  sealValue(by: SealingKey, place: SealedPlace, plaintext: Uint8Array, room = 0): Uint8Array {
    const flag = flagOf(place);
    const { headerBytes, storeKey } = place;
    const aad = storageAad({ flag, keyId: by.key.keyId, headerBytes, storeKey });
    return seal(by, { room, flag, aad }, plaintext);
  },

  openValue(keys: KeyFinder, place: ValuePlace, envelope: Uint8Array, room = 0): Uint8Array | undefined {
    const { flag, keyId, nonce, sealed } = viewEnvelope(envelope, 'storage');
    const key = requireKey(keys, keyId, 'storage').prepared(ENVELOPE_V1);
    const { headerBytes, storeKey } = place;
    const aad = storageAad({ flag, keyId, headerBytes, storeKey });
    return openBehind(key, room, { nonce, aad }, sealed);
  },

  sealPayload(by: SealingKey, _place: PayloadPlace, payload: Uint8Array): Uint8Array {
    return seal(by, { room: 0, flag: 0, aad: raftAad(by.key.keyId) }, payload);
  },

  openPayload(keys: KeyFinder, _place: PayloadPlace, envelope: Uint8Array): Uint8Array | undefined {
    const { keyId, nonce, sealed } = viewEnvelope(envelope, 'raft');
    const key = requireKey(keys, keyId, 'raft').prepared(ENVELOPE_V1);
    return key.open(nonce, raftAad(keyId), sealed);
  },
};

interface Around {
  /** Bytes in front of the envelope that the caller fills. */
  readonly room: number;
  readonly flag: number;
  readonly aad: Uint8Array;
}

function seal(by: SealingKey, { room, flag, aad }: Around, plaintext: Uint8Array): Uint8Array {
  const { key, nonces, usage } = by;
  usage?.add(plaintext.length);
  const nonce = nonces.next();
  const front = room + ENVELOPE_V1_PREFIX_BYTES;
  const bytes = sealBehind(key.prepared(ENVELOPE_V1), front, { nonce, aad }, plaintext);
  writeEnvelopePrefix(bytes, room, { flag, keyId: key.keyId, nonce });
  return bytes;
}
