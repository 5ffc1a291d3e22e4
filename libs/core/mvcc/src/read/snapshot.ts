import { CaissonError, type ReadableStore, type ReadView, type Timestamp } from '@caisson/contracts';
import { SYSTEM_KEYS, versionRange } from '@caisson/formats';
import { readTimestampRow } from './group-rows.js';
import { type Visit, type Walk, walkForward, type WalkEnd } from './forward-walk.js';
import { type Lookup, walkReverse } from './reverse-walk.js';
import {
  liveVersion,
  type LiveVersion,
  newestVersion,
  type ReadAt,
  userKeyAfter,
  userKeyOf,
} from './version.js';

export interface SnapshotRequest {
  readonly direction?: ReadView['direction'];
  /** A moment of the past. Without it, the last commit the view shows. */
  readonly ts?: Timestamp;
  /** Expiry is judged at this timestamp where it lies above the one read at. Default: judged at that one. */
  readonly expiryTs?: Timestamp;
}

export interface ScanBounds {
  /** Half-open range of user keys. */
  readonly from: Uint8Array;
  readonly to?: Uint8Array;
  readonly pairsMax: number;
  /** The page ends once it holds so many bytes of keys and values. */
  readonly bytesMax: number;
  /** The page ends after about so many versions were looked at, so that dead ones do not hold it up. */
  readonly versionsMax: number;
  readonly keysOnly: boolean;
  readonly signal?: AbortSignal;
}

export interface ScannedVersion extends Omit<LiveVersion, 'value'> {
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

export interface ScanPage {
  readonly pairs: readonly ScannedVersion[];
  /** The key behind which the next page starts; absent when there is none. */
  readonly resumeBehind?: Uint8Array;
}

/**
 * The group's content at one timestamp, read through one view of the store.
 *
 * The view is what makes one look at the retention floor enough for the whole read: compaction removes
 * nothing above the floor that the same view shows, so the floor at the start of the read is the floor at its
 * end.
 */
export class Snapshot {
  readonly at: ReadAt;
  /**
   * The last commit the view shows. With `at.ts` above it, later commits may still land at or below `at.ts`.
   */
  readonly tip: Timestamp;
  readonly #store: ReadableStore;
  readonly #view: ReadView;
  #helper: ReadView | undefined;

  /** Takes a view; `close` gives it back. `READ_TS_COMPACTED` below the floor. */
  static async open(store: ReadableStore, request: SnapshotRequest = {}): Promise<Snapshot> {
    const view = store.view(request.direction ?? 'forward');
    try {
      const tip = await readTimestampRow(view, SYSTEM_KEYS.lastCommitTs);
      const { ts = tip, expiryTs = ts } = request;
      // The floor never passes the last commit, so a read there needs no look at it.
      if (ts < tip) await checkFloor(view, ts);
      return new Snapshot(store, view, { ts, expiryTs: expiryTs > ts ? expiryTs : ts }, tip);
    } catch (error) {
      await view.close();
      throw error;
    }
  }

  private constructor(store: ReadableStore, view: ReadView, at: ReadAt, tip: Timestamp) {
    this.#store = store;
    this.#view = view;
    this.at = at;
    this.tip = tip;
  }

  /**
   * The value of a key, for a snapshot in the forward direction. Readers who share the snapshot judge expiry
   * each at the moment they came.
   */
  async get(key: Uint8Array, expiryTs = this.at.expiryTs): Promise<LiveVersion | undefined> {
    const { ts } = this.at;
    const version = await newestVersion(this.#view, key, ts);
    return version && liveVersion(version, expiryTs > ts ? expiryTs : ts);
  }

  /** One page in the snapshot's direction. A page may be short, also empty, and still have a next one. */
  async scan(bounds: ScanBounds): Promise<ScanPage> {
    const { pairsMax, bytesMax, keysOnly } = bounds;
    const pairs: ScannedVersion[] = [];
    let bytes = 0;
    let isOver = false;
    const end = await this.#walk(bounds, (version) => {
      const live = liveVersion(version, this.at.expiryTs);
      if (live === undefined) return true;
      isOver = pairs.length >= pairsMax || (bytes >= bytesMax && pairs.length > 0);
      if (isOver) return false;
      const key = userKeyOf(version.storeKey);
      bytes += key.length + (keysOnly ? 0 : live.value.length);
      const { commitTs, expireAt } = live;
      pairs.push(keysOnly ? { key, commitTs, expireAt } : { key, commitTs, expireAt, value: live.value });
      return true;
    });
    if (end.exhausted) return { pairs };
    // Over: the key looked at last opens the next page, which starts behind the last one given.
    return { pairs, resumeBehind: isOver ? pairs.at(-1)!.key : userKeyOf(end.last!) };
  }

  async close(): Promise<void> {
    await this.#helper?.close();
    await this.#view.close();
  }

  #walk(bounds: ScanBounds, visit: Visit): Promise<WalkEnd> {
    const walk: Walk = {
      range: versionRange(bounds.from, bounds.to),
      ts: this.at.ts,
      expected: bounds.pairsMax + 1,
      versionsMax: bounds.versionsMax,
      ...(bounds.signal !== undefined && { signal: bounds.signal }),
    };
    return this.#view.direction === 'forward'
      ? walkForward(this.#view, walk, visit)
      : walkReverse(this.#view, walk, visit, this.#lookup);
  }

  /**
   * A reverse view cannot seek to the newest version at a timestamp; a later forward view can, and shows the
   * same one, unless the floor has passed the timestamp meanwhile.
   */
  readonly #lookup: Lookup = async (userKey) => {
    this.#helper ??= this.#store.view('forward');
    const floor = await readTimestampRow(this.#helper, SYSTEM_KEYS.retentionFloor);
    return floor > this.at.ts ? 'unknown' : newestVersion(this.#helper, userKey, this.at.ts);
  };
}

/** Bounds of the page behind `resumeBehind`. */
export function resumed<B extends Pick<ScanBounds, 'from' | 'to'>>(
  bounds: B,
  direction: ReadView['direction'],
  resumeBehind: Uint8Array,
): B {
  return direction === 'forward'
    ? { ...bounds, from: userKeyAfter(resumeBehind) }
    : { ...bounds, to: resumeBehind };
}

async function checkFloor(view: ReadView, readTs: Timestamp): Promise<void> {
  const floor = await readTimestampRow(view, SYSTEM_KEYS.retentionFloor);
  if (readTs < floor) throw new CaissonError('READ_TS_COMPACTED', { readTs, floor });
}
