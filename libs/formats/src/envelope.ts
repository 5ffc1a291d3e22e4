import { type ByteReader, DecodeFault, invariant } from '@caisson/base';
import { decodeAll, fits, fitsBytes, malformed, readFlags } from './decoding.js';
import { NONCE_BYTES } from './nonce.js';
import { VALUE_HEADER_BYTES } from './value.js';

/** Version 1: AES-256-GCM under the DEK itself. */
export const ENVELOPE_V1 = 0x01;

export const TAG_BYTES = 16;

/** What stands before the sealed bytes of version 1. */
export const ENVELOPE_V1_PREFIX_BYTES = 1 + 1 + 4 + NONCE_BYTES;

/** What version 1 adds to a plaintext. */
export const ENVELOPE_V1_OVERHEAD = ENVELOPE_V1_PREFIX_BYTES + TAG_BYTES;

/** The plaintext was compressed before it was sealed. Storage envelopes only. */
export const FLAG_COMPRESSED = 0x01;

const RAFT_AAD_MARK = 0x52;
const PREFIX_BYTES = 6;
const VERSION_MAX = 15;

/**
 * Whom an envelope is for. Values and log payloads never open as each other: their additional data differ.
 */
export type EnvelopeLayer = 'storage' | 'raft';

export interface EnvelopeV1 {
  readonly flag: number;
  readonly keyId: number;
  readonly nonce: Uint8Array;
  /** `ciphertext ‖ tag`, as a cipher gives and takes it; only the tag for an empty plaintext. */
  readonly sealed: Uint8Array;
}

/**
 * The version byte, by which a reader chooses the codec. Any version of the family (1 to 15) is answered,
 * also one this build cannot read; its codec then refuses it.
 */
export function envelopeVersion(bytes: Uint8Array): number {
  const version = bytes[0];
  if (version === undefined) throw malformed('ENVELOPE_MALFORMED', 'version', 'is missing');
  if (version === 0 || version > VERSION_MAX) {
    throw malformed('ENVELOPE_MALFORMED', 'version', `is ${version}, which is no envelope`);
  }
  return version;
}

/** The key an envelope of any version names: all begin `version ‖ flag ‖ key_id u32`. Nothing is verified. */
export function envelopeKeyId(bytes: Uint8Array): number {
  envelopeVersion(bytes);
  if (bytes.length < PREFIX_BYTES) throw malformed('ENVELOPE_MALFORMED', 'keyId', 'is cut off');
  return readU32(bytes, 2);
}

/** What the flag of an envelope of any version says of the plaintext. As true as the envelope. */
export function isCompressed(bytes: Uint8Array): boolean {
  return bytes.length >= PREFIX_BYTES && (bytes[1]! & FLAG_COMPRESSED) !== 0;
}

/** `0x01 ‖ flag ‖ key_id u32 ‖ nonce 12 ‖ ciphertext ‖ tag 16`. */
export function encodeEnvelope(envelope: EnvelopeV1): Uint8Array {
  const { sealed } = envelope;
  invariant('FMT-1', sealed.length >= TAG_BYTES, 'sealed');
  const bytes = new Uint8Array(ENVELOPE_V1_PREFIX_BYTES + sealed.length);
  writeEnvelopePrefix(bytes, 0, envelope);
  bytes.set(sealed, ENVELOPE_V1_PREFIX_BYTES);
  return bytes;
}

/**
 * Writes what stands before the sealed bytes, for callers who have those in their place already: where values
 * are sealed in numbers, the copy that `encodeEnvelope` makes is worth saving.
 */
export function writeEnvelopePrefix(
  into: Uint8Array,
  at: number,
  envelope: Omit<EnvelopeV1, 'sealed'>,
): void {
  writePrefix(into, at, envelope);
  into.set(fitsBytes(envelope.nonce, NONCE_BYTES, 'nonce'), at + PREFIX_BYTES);
}

/**
 * Takes a version-1 envelope apart; authenticates nothing.
 *
 * The layer matters: a log payload is never compressed, and its additional data do not cover the flag, so a
 * set flag is refused here.
 */
export function decodeEnvelope(bytes: Uint8Array, layer: EnvelopeLayer): EnvelopeV1 {
  return decodeAll('ENVELOPE_MALFORMED', bytes, layer === 'storage' ? readStorageEnvelope : readRaftEnvelope);
}

/**
 * As `decodeEnvelope`, with windows into `bytes` in the place of copies, for callers who open it at once and
 * keep nothing.
 */
export function viewEnvelope(bytes: Uint8Array, layer: EnvelopeLayer): EnvelopeV1 {
  const version = envelopeVersion(bytes);
  const flag = bytes[1]!;
  const isWhole = bytes.length >= ENVELOPE_V1_OVERHEAD;
  const known = layer === 'storage' ? FLAG_COMPRESSED : 0;
  if (version !== ENVELOPE_V1 || !isWhole || (flag & ~known) !== 0) return decodeEnvelope(bytes, layer);
  const { buffer, byteOffset } = bytes;
  const nonce = new Uint8Array(buffer, byteOffset + PREFIX_BYTES, NONCE_BYTES);
  const sealed = new Uint8Array(
    buffer,
    byteOffset + ENVELOPE_V1_PREFIX_BYTES,
    bytes.length - ENVELOPE_V1_PREFIX_BYTES,
  );
  return { flag, keyId: readU32(bytes, 2), nonce, sealed };
}

export interface StorageAadParts {
  readonly flag: number;
  readonly keyId: number;
  /** The 9 bytes of the value header, as stored. */
  readonly headerBytes: Uint8Array;
  /** The whole key under which the value is stored, its table byte included. */
  readonly storeKey: Uint8Array;
}

/** `0x01 ‖ flag ‖ key_id u32 ‖ value header 9 ‖ store key`: nothing around a value can be edited unseen. */
export function storageAad(parts: StorageAadParts): Uint8Array {
  const { headerBytes, storeKey } = parts;
  const aad = new Uint8Array(PREFIX_BYTES + VALUE_HEADER_BYTES + storeKey.length);
  writePrefix(aad, 0, parts);
  aad.set(fitsBytes(headerBytes, VALUE_HEADER_BYTES, 'headerBytes'), PREFIX_BYTES);
  aad.set(storeKey, PREFIX_BYTES + VALUE_HEADER_BYTES);
  return aad;
}

/** `0x52 ‖ 0x01 ‖ key_id u32`. */
export function raftAad(keyId: number): Uint8Array {
  const aad = new Uint8Array(PREFIX_BYTES);
  aad[0] = RAFT_AAD_MARK;
  aad[1] = ENVELOPE_V1;
  new DataView(aad.buffer).setUint32(2, fits(keyId, 32, 'keyId'));
  return aad;
}

function writePrefix(into: Uint8Array, at: number, { flag, keyId }: { flag: number; keyId: number }): void {
  invariant('FMT-1', (flag & ~FLAG_COMPRESSED) === 0, 'envelope flag');
  into[at] = ENVELOPE_V1;
  into[at + 1] = flag;
  fits(keyId, 32, 'keyId');
  into[at + 2] = keyId >>> 24;
  into[at + 3] = keyId >>> 16;
  into[at + 4] = keyId >>> 8;
  into[at + 5] = keyId;
}

/** By hand: a `DataView` for one number costs more than the number. */
function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function readStorageEnvelope(reader: ByteReader): EnvelopeV1 {
  return readEnvelope(reader, FLAG_COMPRESSED);
}

function readRaftEnvelope(reader: ByteReader): EnvelopeV1 {
  return readEnvelope(reader, 0);
}

function readEnvelope(reader: ByteReader, knownFlags: number): EnvelopeV1 {
  const version = reader.u8('version');
  if (version !== ENVELOPE_V1)
    throw new DecodeFault('version', `is ${version}, which this build cannot open`);
  const flag = readFlags(reader, knownFlags, 'flag');
  const keyId = reader.u32('keyId');
  const nonce = reader.bytes(NONCE_BYTES, 'nonce');
  if (reader.remaining < TAG_BYTES) throw new DecodeFault('tag', 'is cut off');
  return { flag, keyId, nonce, sealed: reader.rest() };
}
