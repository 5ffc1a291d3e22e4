import { type ByteReader, DecodeFault, invariant } from '@caisson/base';
import { decodeAll, fits, fitsBytes, malformed, readFlags } from './decoding.js';
import { NONCE_BYTES } from './nonce.js';
import { VALUE_HEADER_BYTES } from './value.js';

/** Version 1: AES-256-GCM under the DEK itself. */
export const ENVELOPE_V1 = 0x01;

export const TAG_BYTES = 16;

/** What version 1 adds to a plaintext. */
export const ENVELOPE_V1_OVERHEAD = 1 + 1 + 4 + NONCE_BYTES + TAG_BYTES;

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
  return new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getUint32(2);
}

/** `0x01 ‖ flag ‖ key_id u32 ‖ nonce 12 ‖ ciphertext ‖ tag 16`. */
export function encodeEnvelope(envelope: EnvelopeV1): Uint8Array {
  const { nonce, sealed } = envelope;
  invariant('FMT-1', sealed.length >= TAG_BYTES, 'sealed');
  const bytes = new Uint8Array(PREFIX_BYTES + NONCE_BYTES + sealed.length);
  writePrefix(bytes, envelope);
  bytes.set(fitsBytes(nonce, NONCE_BYTES, 'nonce'), PREFIX_BYTES);
  bytes.set(sealed, PREFIX_BYTES + NONCE_BYTES);
  return bytes;
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
  writePrefix(aad, parts);
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

function writePrefix(into: Uint8Array, { flag, keyId }: { flag: number; keyId: number }): void {
  invariant('FMT-1', (flag & ~FLAG_COMPRESSED) === 0, 'envelope flag');
  into[0] = ENVELOPE_V1;
  into[1] = flag;
  new DataView(into.buffer).setUint32(2, fits(keyId, 32, 'keyId'));
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
