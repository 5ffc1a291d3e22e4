import { concatBytes, copyBytes, prefixEnd } from '@caisson/base';
import type { ReadView, Timestamp } from '@caisson/contracts';
import { decodeVersionKey, type KeyRange, splitValue, versionKey, versionPrefix } from '@caisson/formats';
import { isExpired, TIMESTAMP_MAX } from '../clock/timestamp.js';

/** A moment of the group's history. */
export interface ReadAt {
  /** The newest version at or below it counts. */
  readonly ts: Timestamp;
  /** A value whose expiry is at or below it counts as absent. At least `ts`. */
  readonly expiryTs: Timestamp;
}

/** A version as the store holds it. */
export interface StoredVersion {
  readonly storeKey: Uint8Array;
  readonly commitTs: Timestamp;
  /** Value header and body. */
  readonly stored: Uint8Array;
}

/** A version that is neither a tombstone nor expired. */
export interface LiveVersion {
  readonly commitTs: Timestamp;
  /** 0n for never. */
  readonly expireAt: Timestamp;
  /** A window into the stored value. */
  readonly value: Uint8Array;
}

const SUFFIX_BYTES = 8;
const ZERO = Uint8Array.of(0);

/** Commit timestamp at the end of a version key that the store itself returned. */
export function commitTsOf(storeKey: Uint8Array): Timestamp {
  const at = storeKey.byteOffset + storeKey.length - SUFFIX_BYTES;
  return TIMESTAMP_MAX - new DataView(storeKey.buffer, at, SUFFIX_BYTES).getBigUint64(0);
}

export function userKeyOf(storeKey: Uint8Array): Uint8Array {
  return decodeVersionKey(storeKey).userKey;
}

/** Whether two version keys belong to one user key. */
export function isSameUserKey(a: Uint8Array, b: Uint8Array): boolean {
  const shared = a.length - SUFFIX_BYTES;
  if (a.length !== b.length) return false;
  // Neighbours in a scan differ near the end, if at all.
  for (let at = shared - 1; at >= 0; at--) if (a[at] !== b[at]) return false;
  return true;
}

/** The part of a version key that all versions of its user key share. */
export function userKeyPart(storeKey: Uint8Array): Uint8Array {
  return storeKey.subarray(0, storeKey.length - SUFFIX_BYTES);
}

/** The first store key behind every version of the user key of `storeKey`. */
export function behindUserKey(storeKey: Uint8Array): Uint8Array {
  return prefixEnd(userKeyPart(storeKey))!;
}

/** The store key of the same user key at another timestamp. */
export function atTimestamp(storeKey: Uint8Array, ts: Timestamp): Uint8Array {
  const moved = copyBytes(storeKey);
  new DataView(moved.buffer).setBigUint64(moved.length - SUFFIX_BYTES, TIMESTAMP_MAX - ts);
  return moved;
}

/** The first user key above `key`. */
export function userKeyAfter(key: Uint8Array): Uint8Array {
  return concatBytes(key, ZERO);
}

/** Where the versions of one user key at or below `ts` are, newest first. */
function versionsFrom(userKey: Uint8Array, ts: Timestamp): KeyRange {
  return { from: versionKey(userKey, ts), to: prefixEnd(versionPrefix(userKey))! };
}

/** The newest version at or below `ts`, dead or alive. One seek. Needs a forward view. */
export async function newestVersion(
  view: ReadView,
  userKey: Uint8Array,
  ts: Timestamp,
): Promise<StoredVersion | undefined> {
  const [pair] = await view.scan(versionsFrom(userKey, ts)).next({ pairs: 1 });
  return pair && { storeKey: pair.key, commitTs: commitTsOf(pair.key), stored: pair.value };
}

/**
 * What a stored version shows to a reader at `expiryTs`; `undefined` for a tombstone and an expired value.
 */
export function liveVersion(
  version: Pick<StoredVersion, 'commitTs' | 'stored'>,
  expiryTs: Timestamp,
): LiveVersion | undefined {
  const { header, body } = splitValue(version.stored);
  if (header.tombstone || isExpired(header.expireAt, expiryTs)) return undefined;
  return { commitTs: version.commitTs, expireAt: header.expireAt, value: body };
}
