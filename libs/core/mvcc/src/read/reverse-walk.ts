import type { Cursor, Pair, ReadView, Timestamp } from '@caisson/contracts';
import { Chunks, type Visit, type Walk, type WalkEnd } from './forward-walk.js';
import { commitTsOf, isSameUserKey, type StoredVersion, userKeyOf, userKeyPart } from './version.js';

/** From so many versions of one key, a seek is cheaper than reading on. */
const MET_MAX = 16;

/** Finds the newest version at or below the walk's timestamp by other means than reading on. */
export type Lookup = (userKey: Uint8Array) => Promise<StoredVersion | undefined | 'unknown'>;

/**
 * Visits user keys in descending order. The store offers each key's oldest version first, so a key is settled
 * when a version above the timestamp, another key or the end is met; long histories are settled by `lookup`.
 */
export async function walkReverse(
  view: ReadView,
  walk: Walk,
  visit: Visit,
  lookup: Lookup,
): Promise<WalkEnd> {
  const { range, versionsMax = Infinity, signal } = walk;
  const chunks = new Chunks(walk.expected);
  const settling = new ReverseSettling(walk.ts, visit, versionsMax);
  let cursor: Cursor = view.scan(range);
  for (;;) {
    signal?.throwIfAborted();
    const pairs = await cursor.next({ pairs: chunks.next() });
    const step = pairs.length === 0 ? settling.end() : settling.take(pairs);
    if (step === 'stop') return { exhausted: false, last: settling.key };
    if (pairs.length === 0) return { exhausted: true, last: settling.key };
    if (step === undefined) continue;
    const found = settling.isSettled ? undefined : await lookup(userKeyOf(step));
    // Not found out: read on behind the last version met. Else nothing more of this key matters.
    cursor = view.scan({ from: range.from, to: found === 'unknown' ? step : userKeyPart(step) });
    if (found === 'unknown' || settling.isSettled) continue;
    if (!settling.settleWith(found)) return { exhausted: false, last: settling.key };
  }
}

class ReverseSettling {
  readonly #ts: Timestamp;
  readonly #visit: Visit;
  readonly #versionsMax: number;
  #seen = 0;
  /** Versions of the current key met so far, and the newest of them at or below the timestamp. */
  #met = 0;
  #version: StoredVersion | undefined;
  /** Whether the visitor has had its say about the current key. */
  isSettled = true;
  /** A version key of the user key being looked at. */
  key: Uint8Array | undefined;

  constructor(ts: Timestamp, visit: Visit, versionsMax: number) {
    this.#ts = ts;
    this.#visit = visit;
    this.#versionsMax = versionsMax;
  }

  /** `stop` when the visitor has enough; the last version key met when its user key has a long history. */
  take(pairs: readonly Pair[]): 'stop' | Uint8Array | undefined {
    for (const pair of pairs) {
      const step = this.#look(pair);
      if (step !== undefined) return step;
    }
    return undefined;
  }

  end(): 'stop' | undefined {
    return this.settleWith(this.#version) ? undefined : 'stop';
  }

  /** Shows the current key's version to the visitor, once; false when that is enough. */
  settleWith(version: StoredVersion | undefined): boolean {
    if (this.isSettled) return true;
    this.isSettled = true;
    return version === undefined || this.#visit(version);
  }

  #look({ key, value }: Pair): 'stop' | Uint8Array | undefined {
    this.#seen += 1;
    if (this.key === undefined || !isSameUserKey(key, this.key)) {
      const goesOn = this.settleWith(this.#version);
      if (!goesOn || (this.#seen > this.#versionsMax && this.key !== undefined)) return 'stop';
      this.key = key;
      this.#met = 0;
      this.#version = undefined;
      this.isSettled = false;
    }
    const commitTs = commitTsOf(key);
    if (commitTs <= this.#ts) this.#version = { storeKey: key, commitTs, stored: value };
    else if (!this.settleWith(this.#version)) return 'stop';
    this.#met += 1;
    return this.#met % MET_MAX === 0 ? key : undefined;
  }
}
