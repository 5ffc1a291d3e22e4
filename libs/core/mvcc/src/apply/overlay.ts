import { compareBytes } from '@caisson/base';
import type { Timestamp } from '@caisson/contracts';

/** A version that is in the batch and not yet in the store. */
export interface AddedVersion {
  readonly key: Uint8Array;
  readonly commitTs: Timestamp;
  readonly stored: Uint8Array;
}

/**
 * The newest version per user key that entries of the running batch added, because the store does not show
 * them before the batch is written.
 *
 * Adding only appends: blind puts, which look at nothing, do not pay for an index.
 */
export class Overlay {
  #added: AddedVersion[] = [];
  #indexed = 0;
  readonly #newest = new Map<string, AddedVersion>();

  /** Timestamps never fall from call to call; at the same one the later call wins. */
  add(version: AddedVersion): void {
    this.#added.push(version);
  }

  newest(key: Uint8Array): AddedVersion | undefined {
    if (this.#added.length === 0) return undefined;
    return this.#index().get(mapKey(key));
  }

  /** Those with `from` ≤ key < `to`, in ascending order of keys. */
  inRange(from: Uint8Array, to: Uint8Array | undefined): readonly AddedVersion[] {
    if (this.#added.length === 0) return [];
    const found: AddedVersion[] = [];
    for (const version of this.#index().values()) {
      const { key } = version;
      if (compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0))
        found.push(version);
    }
    return found.sort((a, b) => compareBytes(a.key, b.key));
  }

  clear(): void {
    if (this.#added.length === 0) return;
    this.#added = [];
    this.#indexed = 0;
    this.#newest.clear();
  }

  #index(): Map<string, AddedVersion> {
    for (; this.#indexed < this.#added.length; this.#indexed++) {
      const version = this.#added[this.#indexed]!;
      this.#newest.set(mapKey(version.key), version);
    }
    return this.#newest;
  }
}

const CHUNK = 4096;

/** One character per byte: equal for equal bytes, and nothing else. Never shown to anyone. */
export function mapKey(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return characters(bytes);
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += characters(bytes.subarray(at, at + CHUNK));
  return text;
}

/** `apply` takes the array as it is; spreading it walks through its iterator, at several times the cost. */
function characters(bytes: ArrayLike<number>): string {
  return String.fromCharCode.apply(null, bytes as number[]);
}
