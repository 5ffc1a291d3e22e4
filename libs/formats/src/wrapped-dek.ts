import {
  type ByteReader,
  ByteWriter,
  compareBytes,
  DecodeFault,
  fromUtf8,
  invariant,
  toUtf8,
} from '@caisson/base';
import type { WrapContext } from '@caisson/contracts';
import { decodeAll, expectByte, fits, fitsBytes } from './decoding.js';
import { NONCE_BYTES } from './nonce.js';
import { TAG_BYTES } from './envelope.js';

export const DEK_BYTES = 32;
export const ORIGIN_ID_BYTES = 16;
/**
 * First bytes of HKDF-SHA-256(DEK, empty salt, `"caisson/check/1"`): tells a wrong key from a damaged value.
 */
export const CHECK_BYTES = 8;

export type KeyPurpose = 'storage' | 'raft';

export const PURPOSE_CODE = Object.freeze({ storage: 1, raft: 2, challenge: 3 } as const);

/** Bounds of the container, in bytes unless said otherwise. */
export const WRAPPED_DEK_LIMITS = Object.freeze({
  slotsMax: 16,
  providerMax: 32,
  keyRefMax: 1024,
  blobMax: 8192,
  containerMax: 32 * 1024,
});

const MAGIC = 0xc1;
const VERSION = 0x01;
const PROVIDER = /^[a-z0-9-]{1,32}$/;

/** One provider's wrapping of a DEK. Any one of them opens it. */
export interface WrappedDekSlot {
  readonly provider: string;
  /** Which key of the provider, in its own words. */
  readonly keyRef: string;
  readonly blob: Uint8Array;
}

/**
 * `0xC1 ‖ 0x01 ‖ count u8 ‖ count × (provider_len u8 ‖ provider ‖ key_ref_len u16 ‖ key_ref ‖ blob_len u16 ‖
 * blob)`. Slots are written in the order of their provider's bytes, then their key reference's; two with the
 * same pair, or anything beyond the limits, is a bug of the caller.
 */
export function encodeWrappedDek(slots: readonly WrappedDekSlot[]): Uint8Array {
  const { slotsMax, keyRefMax, blobMax, containerMax } = WRAPPED_DEK_LIMITS;
  invariant('FMT-1', slots.length >= 1 && slots.length <= slotsMax, 'wrapped DEK slots');
  const rows = slots.map((slot) => ({
    provider: toUtf8(slot.provider),
    keyRef: toUtf8(slot.keyRef),
    blob: slot.blob,
    valid: PROVIDER.test(slot.provider),
  }));
  rows.sort(compareSlots);
  const writer = new ByteWriter(256).u8(MAGIC).u8(VERSION).u8(rows.length);
  rows.forEach((row, at) => {
    invariant('FMT-1', row.valid && row.keyRef.length <= keyRefMax, 'wrapped DEK provider or key reference');
    invariant('FMT-1', row.blob.length >= 1 && row.blob.length <= blobMax, 'wrapped DEK blob');
    invariant('FMT-1', at === 0 || compareSlots(rows[at - 1]!, row) < 0, 'wrapped DEK slot repeated');
    writer.u8(row.provider.length).bytes(row.provider);
    writer.u16(row.keyRef.length).bytes(row.keyRef);
    writer.u16(row.blob.length).bytes(row.blob);
  });
  invariant('FMT-1', writer.length <= containerMax, 'wrapped DEK container');
  return writer.done();
}

/** Refuses with `KEK_BLOB_CORRUPT` whatever `encodeWrappedDek` would not have written. */
export function decodeWrappedDek(bytes: Uint8Array): readonly WrappedDekSlot[] {
  return decodeAll('KEK_BLOB_CORRUPT', bytes, (reader) => {
    if (reader.remaining > WRAPPED_DEK_LIMITS.containerMax) throw new DecodeFault('container', 'is too long');
    expectByte(reader, MAGIC, 'magic');
    expectByte(reader, VERSION, 'version');
    const count = reader.u8('count');
    if (count < 1 || count > WRAPPED_DEK_LIMITS.slotsMax) throw new DecodeFault('count', `is ${count}`);
    const rows: EncodedSlot[] = [];
    for (let at = 0; at < count; at++) {
      const row = readSlot(reader);
      const previous = rows.at(-1);
      if (previous !== undefined && compareSlots(previous, row) >= 0) {
        throw new DecodeFault('slots', 'are not sorted and unique');
      }
      rows.push(row);
    }
    return rows.map(({ provider, keyRef, blob }) => ({
      provider: text(provider),
      keyRef: text(keyRef),
      blob,
    }));
  });
}

/** `origin_id 16 ‖ key_id u32 ‖ purpose u8`: what a wrapped DEK is bound to. */
export function wrapContext({ originId, keyId, purpose }: WrapContext): Uint8Array {
  return new ByteWriter(ORIGIN_ID_BYTES + 5)
    .bytes(fitsBytes(originId, ORIGIN_ID_BYTES, 'originId'))
    .u32(fits(keyId, 32, 'keyId'))
    .u8(fits(purpose, 8, 'purpose'))
    .done();
}

/** What a provider with the KEK at hand writes: AES-256-GCM over the DEK. */
export interface LocalKekBlob {
  readonly nonce: Uint8Array;
  /** `ciphertext 32 ‖ tag 16`. */
  readonly sealed: Uint8Array;
}

export const LOCAL_KEK_BLOB_BYTES = NONCE_BYTES + DEK_BYTES + TAG_BYTES;

/** `nonce 12 ‖ ciphertext 32 ‖ tag 16`. The older bare form has the same layout; only its AAD is empty. */
export function encodeLocalKekBlob({ nonce, sealed }: LocalKekBlob): Uint8Array {
  return new ByteWriter(LOCAL_KEK_BLOB_BYTES)
    .bytes(fitsBytes(nonce, NONCE_BYTES, 'nonce'))
    .bytes(fitsBytes(sealed, DEK_BYTES + TAG_BYTES, 'sealed'))
    .done();
}

export function decodeLocalKekBlob(bytes: Uint8Array): LocalKekBlob {
  return decodeAll('KEK_BLOB_CORRUPT', bytes, (reader) => ({
    nonce: reader.bytes(NONCE_BYTES, 'nonce'),
    sealed: reader.bytes(DEK_BYTES + TAG_BYTES, 'sealed'),
  }));
}

interface EncodedSlot {
  readonly provider: Uint8Array;
  readonly keyRef: Uint8Array;
  readonly blob: Uint8Array;
}

function compareSlots(a: EncodedSlot, b: EncodedSlot): number {
  return compareBytes(a.provider, b.provider) || compareBytes(a.keyRef, b.keyRef);
}

function readSlot(reader: ByteReader): EncodedSlot {
  const provider = reader.bytes(reader.u8('providerLength'), 'provider');
  if (!PROVIDER.test(fromUtf8(provider) ?? '')) throw new DecodeFault('provider', 'is no provider name');
  const keyRefLength = reader.u16('keyRefLength');
  if (keyRefLength > WRAPPED_DEK_LIMITS.keyRefMax) throw new DecodeFault('keyRef', 'is too long');
  const keyRef = reader.bytes(keyRefLength, 'keyRef');
  if (fromUtf8(keyRef) === undefined) throw new DecodeFault('keyRef', 'is not UTF-8');
  const blobLength = reader.u16('blobLength');
  if (blobLength < 1 || blobLength > WRAPPED_DEK_LIMITS.blobMax)
    throw new DecodeFault('blob', `has ${blobLength} bytes`);
  return { provider, keyRef, blob: reader.bytes(blobLength, 'blob') };
}

function text(bytes: Uint8Array): string {
  return fromUtf8(bytes) ?? '';
}
