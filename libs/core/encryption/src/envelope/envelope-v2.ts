import {
  ENVELOPE_V2,
  ENVELOPE_V2_PREFIX_BYTES,
  raftAadV2,
  storageAadV2,
  viewEnvelopeV2,
  writeEnvelopeV2Prefix,
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
 * Version 2: AES-256-GCM under a key of this process load alone, bound to the cluster in which the DEK was
 * made. A payload is bound to its place in its log.
 *
 * The counters behind a nonce live on a disk that can be put back, copied, or restored elsewhere. A salt
 * lives in memory: each process load seals under keys of its own, so a repeated counter never meets the
 * same key.
 */
export const envelopeV2: EnvelopeSuite = {
  version: ENVELOPE_V2,

  sealValue(by: SealingKey, place: SealedPlace, plaintext: Uint8Array, room = 0): Uint8Array {
    const { keyId, originId } = by.key;
    const salt = by.salts.next(plaintext.length);
    const flag = flagOf(place);
    const { headerBytes, storeKey } = place;
    const aad = storageAadV2({ flag, keyId, salt, originId, headerBytes, storeKey });
    return seal(by, { room, flag, salt, aad }, plaintext);
  },

  openValue(keys: KeyFinder, place: ValuePlace, envelope: Uint8Array, room = 0): Uint8Array | undefined {
    const { flag, keyId, salt, nonce, sealed } = viewEnvelopeV2(envelope, 'storage');
    const key = requireKey(keys, keyId, 'storage');
    const aad = storageAadV2({ flag, keyId, salt, originId: key.originId, ...place });
    return openBehind(key.derived(ENVELOPE_V2, salt), room, { nonce, aad }, sealed);
  },

  sealPayload(by: SealingKey, place: PayloadPlace, payload: Uint8Array): Uint8Array {
    const { keyId, originId } = by.key;
    const salt = by.salts.next(payload.length);
    const aad = raftAadV2({ keyId, salt, originId, ...place });
    return seal(by, { room: 0, flag: 0, salt, aad }, payload);
  },

  openPayload(keys: KeyFinder, place: PayloadPlace, envelope: Uint8Array): Uint8Array | undefined {
    const { keyId, salt, nonce, sealed } = viewEnvelopeV2(envelope, 'raft');
    const key = requireKey(keys, keyId, 'raft');
    const aad = raftAadV2({ keyId, salt, originId: key.originId, ...place });
    return key.derived(ENVELOPE_V2, salt).open(nonce, aad, sealed);
  },
};

interface Around {
  /** Bytes in front of the envelope that the caller fills. */
  readonly room: number;
  readonly flag: number;
  readonly salt: Uint8Array;
  readonly aad: Uint8Array;
}

function seal(by: SealingKey, around: Around, plaintext: Uint8Array): Uint8Array {
  const { key, nonces, usage } = by;
  usage?.add(plaintext.length);
  const { room, flag, salt, aad } = around;
  const nonce = nonces.next();
  const prepared = key.derived(ENVELOPE_V2, salt);
  const bytes = sealBehind(prepared, room + ENVELOPE_V2_PREFIX_BYTES, { nonce, aad }, plaintext);
  writeEnvelopeV2Prefix(bytes, room, { flag, keyId: key.keyId, salt, nonce });
  return bytes;
}
