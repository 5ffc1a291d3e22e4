import { concatBytes } from '@caisson/base';
import type { Pair } from '@caisson/contracts';
import { storedValues } from '../census/stored-values.js';
import type { GroupSession } from '../node/group-session.js';

/** What one batch is about. */
export interface Portion {
  /** As they were stored when they were looked at. */
  readonly pairs: readonly Pair[];
  /** The last key looked at. */
  readonly end: Uint8Array;
  readonly isLast: boolean;
}

export interface LookAheadParts {
  readonly session: Pick<GroupSession, 'storedView'>;
  /** Whether a stored value has to be sealed anew. */
  isStale(stored: Uint8Array): boolean;
}

/** The writer queue is held no longer than so many values take: some milliseconds. */
const PORTION_PAIRS_MAX = 128;
/** A portion ends here even if nothing in it had to be rewritten, so that a restart need not look again. */
const LOOKED_MAX = 8_192;
const AFTER = Uint8Array.of(0);

/**
 * Finds what has to be sealed anew, in the order of keys, beside everything else. What was found and did not
 * fit into one portion is kept for the next: however small portions get, the store is read once.
 */
export class LookAhead {
  readonly #parts: LookAheadParts;
  #found: readonly Pair[] = [];
  /** The last key looked at. */
  #seen: Uint8Array;
  #isAtEnd = false;

  constructor(parts: LookAheadParts, position: Uint8Array) {
    this.#parts = parts;
    this.#seen = position;
  }

  async next(portionBytes: number): Promise<Portion> {
    if (this.#found.length === 0 && !this.#isAtEnd) await this.#look();
    const pairs = this.#take(portionBytes);
    const isDry = this.#found.length === 0;
    const end = isDry ? this.#seen : pairs.at(-1)!.key;
    return { pairs, end, isLast: isDry && this.#isAtEnd };
  }

  #take(portionBytes: number): readonly Pair[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#found.length && bytes < portionBytes) bytes += this.#found[count++]!.value.length;
    const pairs = this.#found.slice(0, count);
    this.#found = this.#found.slice(count);
    return pairs;
  }

  /** Up to the end of the first page in which something was found. */
  async #look(): Promise<void> {
    const { session, isStale } = this.#parts;
    const view = session.storedView();
    let looked = 0;
    try {
      const from = this.#seen.length === 0 ? {} : { from: concatBytes(this.#seen, AFTER) };
      for await (const page of storedValues(view, { ...from, pagePairs: PORTION_PAIRS_MAX })) {
        this.#found = page.filter(({ value }) => isStale(value));
        this.#seen = page.at(-1)!.key;
        looked += page.length;
        if (this.#found.length > 0 || looked >= LOOKED_MAX) return;
      }
      this.#isAtEnd = true;
    } finally {
      await view.close();
    }
  }
}
