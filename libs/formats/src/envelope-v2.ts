import { DecodeFault, invariant } from '@caisson/base';
import { fits, fits64, fitsBytes, fitsIndex, refusal } from './decoding.js';
import { type EnvelopeLayer, envelopeVersion, FLAG_COMPRESSED, TAG_BYTES } from './envelope.js';
import { NONCE_BYTES } from './nonce.js';
import { VALUE_HEADER_BYTES } from './value.js';

/** Version 2: AES-256-GCM under a key derived from the DEK for one process load. */
export const ENVELOPE_V2 = 0x02;

/** Fresh bytes of the system's CSPRNG; with the DEK they give the key. */
export const SALT_BYTES = 16;

const PREFIX_BYTES = 6;
const SALT_OFFSET = PREFIX_BYTES;
const NONCE_OFFSET = SALT_OFFSET + SALT_BYTES;

/** What stands before the sealed bytes of version 2. */
export const ENVELOPE_V2_PREFIX_BYTES = NONCE_OFFSET + NONCE_BYTES;

/** What version 2 adds to a plaintext. */
export const ENVELOPE_V2_OVERHEAD = ENVELOPE_V2_PREFIX_BYTES + TAG_BYTES;

const ORIGIN_BYTES = 16;
const RAFT_AAD_MARK = 0x52;
const RAFT_PLACE_BYTES = 4 * 8;

export interface EnvelopeV2 {
  readonly flag: number;
  readonly keyId: number;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  /** `ciphertext ‖ tag`, as a cipher gives and takes it; only the tag for an empty plaintext. */
  readonly sealed: Uint8Array;
}

/** `0x02 ‖ flag ‖ key_id u32 ‖ salt 16 ‖ nonce 12 ‖ ciphertext ‖ tag 16`. */
export function encodeEnvelopeV2(envelope: EnvelopeV2): Uint8Array {
  const { sealed } = envelope;
  invariant('FMT-1', sealed.length >= TAG_BYTES, 'sealed');
  const bytes = new Uint8Array(ENVELOPE_V2_PREFIX_BYTES + sealed.length);
  writeEnvelopeV2Prefix(bytes, 0, envelope);
  bytes.set(sealed, ENVELOPE_V2_PREFIX_BYTES);
  return bytes;
}

/** Writes what stands before the sealed bytes, for callers who have those in their place already. */
export function writeEnvelopeV2Prefix(
  into: Uint8Array,
  at: number,
  envelope: Omit<EnvelopeV2, 'sealed'>,
): void {
  writePrefix(into, at, envelope);
  into.set(fitsBytes(envelope.nonce, NONCE_BYTES, 'nonce'), at + NONCE_OFFSET);
}

/**
 * Takes a version-2 envelope apart, with windows into `bytes` in the place of copies; authenticates nothing.
 * Flags that the layer does not know, and anything cut off, are `ENVELOPE_MALFORMED`.
 */
export function viewEnvelopeV2(bytes: Uint8Array, layer: EnvelopeLayer): EnvelopeV2 {
  const version = envelopeVersion(bytes);
  const flag = bytes[1] ?? 0;
  const known = layer === 'storage' ? FLAG_COMPRESSED : 0;
  if (version !== ENVELOPE_V2) throw fault('version', `is ${version}, which this codec cannot open`);
  if (bytes.length < ENVELOPE_V2_OVERHEAD) throw fault('tag', 'is cut off');
  if ((flag & ~known) !== 0) throw fault('flag', `has undefined bits set: ${flag}`);
  return {
    flag,
    keyId: ((bytes[2]! << 24) | (bytes[3]! << 16) | (bytes[4]! << 8) | bytes[5]!) >>> 0,
    salt: bytes.subarray(SALT_OFFSET, NONCE_OFFSET),
    nonce: bytes.subarray(NONCE_OFFSET, ENVELOPE_V2_PREFIX_BYTES),
    sealed: bytes.subarray(ENVELOPE_V2_PREFIX_BYTES),
  };
}

/** What both layers bind an envelope to. */
interface EnvelopeAadParts {
  readonly keyId: number;
  readonly salt: Uint8Array;
  /** The cluster under which the DEK was made. */
  readonly originId: Uint8Array;
}

export interface StorageAadV2Parts extends EnvelopeAadParts {
  readonly flag: number;
  /** The 9 bytes of the value header, as stored. */
  readonly headerBytes: Uint8Array;
  /** The whole key under which the value is stored, its table byte included. */
  readonly storeKey: Uint8Array;
}

/** `0x02 ‖ flag ‖ key_id u32 ‖ salt 16 ‖ origin_id 16 ‖ value header 9 ‖ store key`. */
export function storageAadV2(parts: StorageAadV2Parts): Uint8Array {
  const { headerBytes, storeKey, originId } = parts;
  const headerAt = NONCE_OFFSET + ORIGIN_BYTES;
  const aad = new Uint8Array(headerAt + VALUE_HEADER_BYTES + storeKey.length);
  writePrefix(aad, 0, parts);
  aad.set(fitsBytes(originId, ORIGIN_BYTES, 'originId'), NONCE_OFFSET);
  aad.set(fitsBytes(headerBytes, VALUE_HEADER_BYTES, 'headerBytes'), headerAt);
  aad.set(storeKey, headerAt + VALUE_HEADER_BYTES);
  return aad;
}

export interface RaftAadV2Parts extends EnvelopeAadParts {
  readonly group: number;
  readonly term: number;
  readonly index: number;
  readonly proposalId: bigint;
}

/**
 * `0x52 ‖ 0x02 ‖ flag ‖ key_id u32 ‖ salt 16 ‖ origin_id 16 ‖ group u64 ‖ term u64 ‖ index u64 ‖ proposal_id
 * u64`: an entry opens at its own place in its own log and nowhere else.
 */
export function raftAadV2(parts: RaftAadV2Parts): Uint8Array {
  const { originId, group, term, index, proposalId } = parts;
  const originAt = 1 + NONCE_OFFSET;
  const placeAt = originAt + ORIGIN_BYTES;
  const aad = new Uint8Array(placeAt + RAFT_PLACE_BYTES);
  aad[0] = RAFT_AAD_MARK;
  writePrefix(aad, 1, { ...parts, flag: 0 });
  aad.set(fitsBytes(originId, ORIGIN_BYTES, 'originId'), originAt);
  const view = new DataView(aad.buffer);
  for (const [at, number] of [group, term, index].entries()) {
    view.setBigUint64(placeAt + at * 8, BigInt(fitsIndex(number, 'place')));
  }
  view.setBigUint64(placeAt + 24, fits64(proposalId, 'proposalId'));
  return aad;
}

interface Prefix {
  readonly flag: number;
  readonly keyId: number;
  readonly salt: Uint8Array;
}

function writePrefix(into: Uint8Array, at: number, { flag, keyId, salt }: Prefix): void {
  invariant('FMT-1', (flag & ~FLAG_COMPRESSED) === 0, 'envelope flag');
  fits(keyId, 32, 'keyId');
  into[at] = ENVELOPE_V2;
  into[at + 1] = flag;
  into[at + 2] = keyId >>> 24;
  into[at + 3] = keyId >>> 16;
  into[at + 4] = keyId >>> 8;
  into[at + 5] = keyId;
  into.set(fitsBytes(salt, SALT_BYTES, 'salt'), at + SALT_OFFSET);
}

function fault(field: string, problem: string): unknown {
  return refusal('ENVELOPE_MALFORMED', new DecodeFault(field, problem));
}
