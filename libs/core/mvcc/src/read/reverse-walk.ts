import type { Cursor, ReadView } from '@caisson/contracts';
import type { Walk, WalkEnd, Visit } from './forward-walk.js';
import { commitTsOf, isSameUserKey, type StoredVersion, userKeyOf, userKeyPart } from './version.js';

const SKIPPED_MAX = 16;
const CHUNK_MAX = 256;

/** Finds the newest version at or below the walk's timestamp by other means than reading on. */
export type Lookup = (userKey: Uint8Array) => Promise<StoredVersion | undefined | 'unknown'>;

interface Candidate {
  /** A version key of the user key being looked at. */
  readonly key: Uint8Array;
  /** Newest version at or below the timestamp met so far. */
  version: StoredVersion | undefined;
  /** Versions of the key met so far. */
  met: number;
  /** Whether the visitor has had it. */
  isSettled: boolean;
}

/**
 * Visits user keys in descending order. The store offers each key's oldest version first, so a key is settled
 * when a version above the timestamp, another key or the end is met; from `SKIPPED_MAX` versions on, by `lookup`.
 */
export async function walkReverse(
  view: ReadView,
  walk: Walk,
  visit: Visit,
  lookup: Lookup,
): Promise<WalkEnd> {
  const { range, ts, versionsMax = Infinity, signal } = walk;
  let cursor: Cursor = view.scan(range);
  let chunk = Math.min(Math.max(walk.expected, 1), CHUNK_MAX);
  let current: Candidate | undefined;
  let seen = 0;
  for (;;) {
    signal?.throwIfAborted();
    const pairs = await cursor.next({ pairs: chunk });
    if (pairs.length === 0) {
      if (current !== undefined && !settle(current, visit)) return { exhausted: false, last: current.key };
      return { exhausted: true, last: current?.key };
    }
    chunk = Math.min(chunk * 2, CHUNK_MAX);
    let isLong = false;
    for (const { key, value } of pairs) {
      seen++;
      if (current === undefined || !isSameUserKey(key, current.key)) {
        if (current !== undefined && !settle(current, visit)) return { exhausted: false, last: current.key };
        if (seen > versionsMax && current !== undefined) return { exhausted: false, last: current.key };
        current = { key, version: undefined, met: 0, isSettled: false };
      }
      const commitTs = commitTsOf(key);
      if (commitTs <= ts) current.version = { storeKey: key, commitTs, stored: value };
      else if (!settle(current, visit)) return { exhausted: false, last: current.key };
      isLong = ++current.met % SKIPPED_MAX === 0;
      if (isLong) break;
    }
    if (!isLong || current === undefined) continue;
    if (!current.isSettled) {
      const found = await lookup(userKeyOf(current.key));
      if (found === 'unknown') {
        cursor = view.scan({ from: range.from, to: current.version?.storeKey ?? current.key });
        continue;
      }
      current.version = found;
      if (!settle(current, visit)) return { exhausted: false, last: current.key };
    }
    cursor = view.scan({ from: range.from, to: userKeyPart(current.key) });
  }
}

function settle(candidate: Candidate, visit: Visit): boolean {
  if (candidate.isSettled) return true;
  candidate.isSettled = true;
  return candidate.version === undefined || visit(candidate.version);
}
