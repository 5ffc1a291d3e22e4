import { startsWith } from '@caisson/base';
import type { Pair, Timestamp } from '@caisson/contracts';
import { decodeRequestResult, requestResultRange, splitValue, TABLE } from '@caisson/formats';
import { isExpired } from '../clock/timestamp.js';
import { commitTsOf, isSameUserKey } from '../read/version.js';

const REQUEST_PREFIX = requestResultRange().from;

/**
 * Tells the rows of a group that every replica holds from those that its own compaction may or may not have
 * removed yet. Replicas with the same applied index agree about the first ones, whenever they compact.
 */
export class KeptRows {
  readonly #floor: Timestamp;
  /** The newest version at or below the floor that was met last: older ones of its key may be gone. */
  #anchor: Uint8Array | undefined;

  constructor(retentionFloor: Timestamp) {
    this.#floor = retentionFloor;
  }

  /** To be asked about every row, in the order of the keys. */
  keeps({ key, value }: Pair): boolean {
    if (key[0] === TABLE.versions) return this.#keepsVersion(key, value);
    if (!startsWith(key, REQUEST_PREFIX)) return true;
    return decodeRequestResult(value).commitTs >= this.#floor;
  }

  #keepsVersion(key: Uint8Array, value: Uint8Array): boolean {
    if (commitTsOf(key) > this.#floor) return true;
    if (this.#anchor !== undefined && isSameUserKey(key, this.#anchor)) return false;
    this.#anchor = key;
    const { header } = splitValue(value);
    return !header.tombstone && !isExpired(header.expireAt, this.#floor);
  }
}
