import type { Cursor, Pair, ReadView, Timestamp } from '@caisson/contracts';
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

/** Sizes of successive reads of the store: from what the caller expects, doubling to a limit. */
export class Chunks {
  #next: number;

  constructor(expected: number) {
    this.#next = Math.min(Math.max(expected, 1), CHUNK_MAX);
  }

  next(): number {
    const size = this.#next;
    this.#next = Math.min(size * 2, CHUNK_MAX);
    return size;
  }
}

/**
 * Visits user keys in ascending order. Versions that do not count are passed over, many of them by a seek.
 */
export async function walkForward(view: ReadView, walk: Walk, visit: Visit): Promise<WalkEnd> {
  const { range, versionsMax = Infinity, signal } = walk;
  const chunks = new Chunks(walk.expected);
  const settling = new ForwardSettling(walk.ts, visit);
  let cursor: Cursor = view.scan(range);
  let seen = 0;
  for (;;) {
    signal?.throwIfAborted();
    const pairs = await cursor.next({ pairs: chunks.next() });
    if (pairs.length === 0) return { exhausted: true, last: settling.last };
    const step = settling.take(pairs);
    if (step === 'stop') return { exhausted: false, last: settling.last };
    if (step !== undefined) cursor = view.scan({ from: step, to: range.to });
    seen += pairs.length;
    if (seen >= versionsMax && settling.last !== undefined) return { exhausted: false, last: settling.last };
  }
}

class ForwardSettling {
  readonly #ts: Timestamp;
  readonly #visit: Visit;
  #skipped = 0;
  /** The version key visited last. */
  last: Uint8Array | undefined;

  constructor(ts: Timestamp, visit: Visit) {
    this.#ts = ts;
    this.#visit = visit;
  }

  /** `stop` when the visitor has enough; a store key where to read on instead of behind the last pair. */
  take(pairs: readonly Pair[]): 'stop' | Uint8Array | undefined {
    for (const pair of pairs) {
      const step = this.#look(pair);
      if (step !== undefined) return step;
    }
    return undefined;
  }

  #look({ key, value }: Pair): 'stop' | Uint8Array | undefined {
    if (this.last !== undefined && isSameUserKey(key, this.last)) {
      return this.#skip() ? behindUserKey(key) : undefined;
    }
    const commitTs = commitTsOf(key);
    if (commitTs > this.#ts) return this.#skip() ? atTimestamp(key, this.#ts) : undefined;
    this.#skipped = 0;
    this.last = key;
    return this.#visit({ storeKey: key, commitTs, stored: value }) ? undefined : 'stop';
  }

  /** Whether enough were passed over for a seek. */
  #skip(): boolean {
    this.#skipped += 1;
    if (this.#skipped < SKIPPED_MAX) return false;
    this.#skipped = 0;
    return true;
  }
}
