import type { Cursor, ReadView, Timestamp } from '@caisson/contracts';
import type { KeyRange } from '@caisson/formats';
import { atTimestamp, behindUserKey, commitTsOf, isSameUserKey, type StoredVersion } from './version.js';

/** From so many versions passed over in a row, one seek is cheaper than reading on. */
const SKIPPED_MAX = 16;
const CHUNK_MAX = 256;

export interface Walk {
  /** Range of store keys in the versions table. */
  readonly range: KeyRange;
  readonly ts: Timestamp;
  /** How many keys the caller is likely to want: the first read of the store is no longer. */
  readonly expected: number;
  /** Ends the walk after about so many versions were looked at, so that one call stays bounded. */
  readonly versionsMax?: number;
  readonly signal?: AbortSignal;
}

export interface WalkEnd {
  /** Whether the range holds nothing more. */
  readonly exhausted: boolean;
  /** A version key of the last user key that was settled, also when its version was not wanted. */
  readonly last: StoredVersion['storeKey'] | undefined;
}

/** Receives the newest version at or below the timestamp of each user key; false ends the walk. */
export type Visit = (version: StoredVersion) => boolean;

/** Visits user keys in ascending order. Versions that do not count are passed over, many of them by a seek. */
export async function walkForward(view: ReadView, walk: Walk, visit: Visit): Promise<WalkEnd> {
  const { range, ts, versionsMax = Infinity, signal } = walk;
  let cursor: Cursor = view.scan(range);
  let chunk = Math.min(Math.max(walk.expected, 1), CHUNK_MAX);
  let settled: Uint8Array | undefined;
  let skipped = 0;
  let seen = 0;
  for (;;) {
    signal?.throwIfAborted();
    const pairs = await cursor.next({ pairs: chunk });
    if (pairs.length === 0) return { exhausted: true, last: settled };
    chunk = Math.min(chunk * 2, CHUNK_MAX);
    let seek: Uint8Array | undefined;
    for (const { key, value } of pairs) {
      seen++;
      const isSettled = settled !== undefined && isSameUserKey(key, settled);
      const commitTs = isSettled ? 0n : commitTsOf(key);
      if (isSettled || commitTs > ts) {
        if (++skipped < SKIPPED_MAX) continue;
        skipped = 0;
        seek = isSettled ? behindUserKey(key) : atTimestamp(key, ts);
        break;
      }
      skipped = 0;
      settled = key;
      if (!visit({ storeKey: key, commitTs, stored: value })) return { exhausted: false, last: settled };
    }
    if (seek !== undefined) cursor = view.scan({ from: seek, to: range.to });
    if (seen >= versionsMax && settled !== undefined) return { exhausted: false, last: settled };
  }
}
