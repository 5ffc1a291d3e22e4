import { copyBytes } from '@caisson/base';
import { fits64, malformed } from './decoding.js';

/** First byte of every store key, so that user keys can never meet system keys. */
export const TABLE = Object.freeze({
  system: 0x01,
  versions: 0x02,
  /** Locks and intents. */
  locks: 0x03,
  /** Commit and rollback records. */
  transactions: 0x04,
  /** Routes and owned ranges. */
  routes: 0x05,
  /** Rows of this node alone: never in a snapshot, a backup or a state digest. */
  local: 0x06,
});

export type Table = (typeof TABLE)[keyof typeof TABLE];

/** `from` is inside, `to` is not. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

const ESCAPED_ZERO = 0xff;
const TERMINATOR = 0x01;
const TIMESTAMP_BYTES = 8;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * `00` becomes `00 FF`, and `00 01` ends the key. Escaped keys sort as the keys do and none is a prefix of
 * another, so the versions of two keys never interleave.
 */
export function escapeKey(key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(escapedLength(key));
  writeEscaped(bytes, 0, key);
  return bytes;
}

/** The inverse of `escapeKey`, terminator included; anything else is `CORRUPTION`. */
export function unescapeKey(escaped: Uint8Array): Uint8Array {
  const { key, end } = readEscaped(escaped, 0);
  if (end !== escaped.length) throw malformed('CORRUPTION', 'escapedKey', 'has trailing bytes');
  return key;
}

/** `0x02 ‖ escape(user key) ‖ u64(^commit_ts)`: newest version first. */
export function versionKey(userKey: Uint8Array, commitTs: bigint): Uint8Array {
  const prefixBytes = 1 + escapedLength(userKey);
  const bytes = new Uint8Array(prefixBytes + TIMESTAMP_BYTES);
  bytes[0] = TABLE.versions;
  writeEscaped(bytes, 1, userKey);
  new DataView(bytes.buffer).setBigUint64(prefixBytes, U64_MAX - fits64(commitTs, 'commitTs'));
  return bytes;
}

/** What all version keys of one user key start with, and no other key. */
export function versionPrefix(userKey: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + escapedLength(userKey));
  bytes[0] = TABLE.versions;
  writeEscaped(bytes, 1, userKey);
  return bytes;
}

/** The versions of all user keys from `from` on and, with `to`, below it. */
export function versionRange(from: Uint8Array, to?: Uint8Array): KeyRange {
  return {
    from: versionPrefix(from),
    to: to === undefined ? tableRange(TABLE.versions).to : versionPrefix(to),
  };
}

export interface VersionKey {
  readonly userKey: Uint8Array;
  readonly commitTs: bigint;
}

export function decodeVersionKey(storeKey: Uint8Array): VersionKey {
  if (storeKey[0] !== TABLE.versions) throw malformed('CORRUPTION', 'table', 'is not the one of versions');
  const { key, end } = readEscaped(storeKey, 1);
  if (storeKey.length - end !== TIMESTAMP_BYTES) {
    throw malformed('CORRUPTION', 'commitTs', `has ${storeKey.length - end} bytes`);
  }
  const inverted = new DataView(storeKey.buffer, storeKey.byteOffset + end, TIMESTAMP_BYTES).getBigUint64(0);
  return { userKey: key, commitTs: U64_MAX - inverted };
}

/** Every key of a table. */
export function tableRange(table: Table): KeyRange {
  return { from: Uint8Array.of(table), to: Uint8Array.of(table + 1) };
}

function escapedLength(key: Uint8Array): number {
  let zeros = 0;
  for (let at = key.indexOf(0); at >= 0; at = key.indexOf(0, at + 1)) zeros++;
  return key.length + zeros + 2;
}

function writeEscaped(into: Uint8Array, start: number, key: Uint8Array): void {
  let from = 0;
  let to = start;
  for (let zero = key.indexOf(0); zero >= 0; zero = key.indexOf(0, from)) {
    into.set(key.subarray(from, zero + 1), to);
    to += zero + 1 - from;
    into[to++] = ESCAPED_ZERO;
    from = zero + 1;
  }
  into.set(from === 0 ? key : key.subarray(from), to);
  to += key.length - from;
  into[to] = 0;
  into[to + 1] = TERMINATOR;
}

function readEscaped(bytes: Uint8Array, start: number): { key: Uint8Array; end: number } {
  let zero = bytes.indexOf(0, start);
  if (zero >= 0 && bytes[zero + 1] === TERMINATOR)
    return { key: copyBytes(bytes.subarray(start, zero)), end: zero + 2 };
  const key = new Uint8Array(bytes.length - start);
  let length = 0;
  for (let from = start; zero >= 0; zero = bytes.indexOf(0, from)) {
    key.set(bytes.subarray(from, zero), length);
    length += zero - from;
    const mark = bytes[zero + 1];
    if (mark === TERMINATOR) return { key: copyBytes(key.subarray(0, length)), end: zero + 2 };
    if (mark !== ESCAPED_ZERO) throw malformed('CORRUPTION', 'escapedKey', 'has an undefined escape');
    key[length++] = 0;
    from = zero + 2;
  }
  throw malformed('CORRUPTION', 'escapedKey', 'has no terminator');
}
