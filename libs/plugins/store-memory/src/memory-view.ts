import { compareBytes, copyBytes } from '@caisson/base';
import {
  CaissonError,
  type Cursor,
  type KeyRange,
  type Pair,
  type ReadView,
  type ScanLimits,
} from '@caisson/contracts';
import type { HeldPair, SortedPages } from './sorted-pages.js';

const PAIRS_DEFAULT = 256;
const BYTES_DEFAULT = 256 * 1024;

type Direction = ReadView['direction'];

/** One state of the store. Fails with `STORE_CLOSED` once it or its store is closed. */
export class MemoryView implements ReadView {
  readonly direction: Direction;
  readonly #isStoreOpen: () => boolean;
  #state: SortedPages | undefined;

  constructor(state: SortedPages, direction: Direction, isStoreOpen: () => boolean) {
    this.#state = state;
    this.direction = direction;
    this.#isStoreOpen = isStoreOpen;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const value = this.#open().get(key);
    return value && copyBytes(value);
  }

  scan(range: KeyRange): Cursor {
    return new MemoryCursor(() => this.#open(), this.direction, range);
  }

  async close(): Promise<void> {
    this.#state = undefined;
  }

  #open(): SortedPages {
    if (this.#state === undefined || !this.#isStoreOpen()) throw new CaissonError('STORE_CLOSED');
    return this.#state;
  }
}

class MemoryCursor implements Cursor {
  readonly #state: () => SortedPages;
  readonly #from: Uint8Array;
  readonly #to: Uint8Array | undefined;
  readonly #step: (state: SortedPages) => HeldPair | undefined;
  #last: Uint8Array | undefined;
  #isExhausted = false;

  constructor(state: () => SortedPages, direction: Direction, range: KeyRange) {
    this.#state = state;
    this.#from = copyBytes(range.from);
    this.#to = range.to && copyBytes(range.to);
    this.#step = direction === 'forward' ? (held) => this.#up(held) : (held) => this.#down(held);
  }

  async next(limits: ScanLimits = {}): Promise<readonly Pair[]> {
    const { pairs: pairsMax = PAIRS_DEFAULT, bytes: bytesMax = BYTES_DEFAULT } = limits;
    const state = this.#state();
    const pairs: Pair[] = [];
    let bytes = 0;
    while (!this.#isExhausted && pairs.length < pairsMax && (pairs.length === 0 || bytes < bytesMax)) {
      const held = this.#step(state);
      if (held === undefined) {
        this.#isExhausted = true;
      } else {
        this.#last = held.key;
        pairs.push({ key: copyBytes(held.key), value: copyBytes(held.value) });
        bytes += held.key.length + held.value.length;
      }
    }
    return pairs;
  }

  #up(state: SortedPages): HeldPair | undefined {
    const held = state.ceiling(this.#last ?? this.#from, { after: this.#last !== undefined });
    const isWithin = held !== undefined && (this.#to === undefined || compareBytes(held.key, this.#to) < 0);
    return isWithin ? held : undefined;
  }

  #down(state: SortedPages): HeldPair | undefined {
    const held = state.below(this.#last ?? this.#to);
    return held !== undefined && compareBytes(held.key, this.#from) >= 0 ? held : undefined;
  }
}
