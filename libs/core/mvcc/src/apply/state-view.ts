import { compareBytes, prefixEnd } from '@caisson/base';
import type { ReadView, Store, Timestamp } from '@caisson/contracts';
import { decodeHeader, versionRange, type ValueHeader } from '@caisson/formats';
import { isExpired, TIMESTAMP_MAX } from '../clock/timestamp.js';
import { walkForward } from '../read/forward-walk.js';
import { liveVersion, type LiveVersion, newestVersion, userKeyOf } from '../read/version.js';
import type { AddedVersion, Overlay } from './overlay.js';

const KEYS_AT_ONCE = 256;

/** A version as checks see it. */
export interface NewestVersion {
  readonly commitTs: Timestamp;
  readonly stored: Uint8Array;
}

/**
 * The state after everything applied so far: the store, with the versions of the running batch on top.
 *
 * Takes its view of the store when something is first looked at; `close` gives it back.
 */
export class StateView {
  readonly #store: Store;
  readonly #overlay: Overlay;
  #view: ReadView | undefined;

  constructor(store: Store, overlay: Overlay) {
    this.#store = store;
    this.#overlay = overlay;
  }

  async newest(key: Uint8Array): Promise<NewestVersion | undefined> {
    return this.#overlay.newest(key) ?? newestVersion(this.#open(), key, TIMESTAMP_MAX);
  }

  async live(key: Uint8Array, expiryTs: Timestamp): Promise<LiveVersion | undefined> {
    const newest = await this.newest(key);
    return newest && liveVersion(newest, expiryTs);
  }

  /** Whether `isChanged` holds for the newest version of any key of the range. */
  async some(
    { from, to }: { readonly from: Uint8Array; readonly to?: Uint8Array },
    isChanged: (newest: NewestVersion) => boolean,
  ): Promise<boolean> {
    if (to !== undefined && compareBytes(from, to) >= 0) return false;
    if (this.#overlay.inRange(from, to).some(isChanged)) return true;
    const walk = { range: versionRange(from, to), ts: TIMESTAMP_MAX, expected: KEYS_AT_ONCE };
    const end = await walkForward(this.#open(), walk, (version) => {
      return !isChanged(version) || this.#overlay.newest(userKeyOf(version.storeKey)) !== undefined;
    });
    return !end.exhausted;
  }

  /** Live user keys that start with `prefix`, ascending: at most `limit`, and whether there are more. */
  async liveKeys(
    prefix: Uint8Array,
    limit: number,
    expiryTs: Timestamp,
  ): Promise<{ readonly keys: readonly Uint8Array[]; readonly more: boolean }> {
    const to = prefixEnd(prefix);
    const added = this.#overlay.inRange(prefix, to);
    const keys: Uint8Array[] = [];
    let nextAdded = 0;
    const takeAdded = (below: Uint8Array | undefined): void => {
      for (; nextAdded < added.length && keys.length <= limit; nextAdded++) {
        const version = added[nextAdded]!;
        if (below !== undefined && compareBytes(version.key, below) >= 0) return;
        if (isLive(version, expiryTs)) keys.push(version.key);
      }
    };
    const walk = { range: versionRange(prefix, to), ts: TIMESTAMP_MAX, expected: limit + 1 };
    await walkForward(this.#open(), walk, (version) => {
      const key = userKeyOf(version.storeKey);
      takeAdded(key);
      const isOverlaid = this.#overlay.newest(key) !== undefined;
      if (keys.length <= limit && !isOverlaid && isLive(version, expiryTs)) keys.push(key);
      return keys.length <= limit;
    });
    takeAdded(undefined);
    return keys.length > limit ? { keys: keys.slice(0, limit), more: true } : { keys, more: false };
  }

  async close(): Promise<void> {
    await this.#view?.close();
  }

  #open(): ReadView {
    this.#view ??= this.#store.view('forward');
    return this.#view;
  }
}

function isLive({ stored }: AddedVersion | NewestVersion, expiryTs: Timestamp): boolean {
  const header: ValueHeader = decodeHeader(stored);
  return !header.tombstone && !isExpired(header.expireAt, expiryTs);
}
