import { compareBytes } from '@caisson/base';

/** One run of neighbouring pairs; `keys[i]` belongs to `values[i]`. Never changed once an edit is done. */
interface Page {
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
}

const PAGE_PAIRS_MAX = 256;

export interface HeldPair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * An immutable ordered map of bytes: a list of pages, each sorted, in order.
 *
 * An edit copies the list and the pages it touches and shares the rest, so holding an old state costs nothing
 * and reading needs no lock. Arrays are stored as they are passed: the store above copies.
 */
export class SortedPages {
  static readonly EMPTY = new SortedPages([]);

  readonly #pages: readonly Page[];

  constructor(pages: readonly Page[]) {
    this.#pages = pages;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const page = this.#pages[pageOf(this.#pages, key)];
    if (page === undefined) return undefined;
    const at = lowerBound(page.keys, key);
    const found = page.keys[at];
    return found !== undefined && compareBytes(found, key) === 0 ? page.values[at] : undefined;
  }

  /** The first pair whose key is at or above `key`; strictly above with `after`. */
  ceiling(key: Uint8Array, options: { readonly after: boolean }): HeldPair | undefined {
    let number = pageOf(this.#pages, key);
    let page = this.#pages[number];
    if (page === undefined) return undefined;
    let at = lowerBound(page.keys, key);
    if (options.after && at < page.keys.length && compareBytes(page.keys[at]!, key) === 0) at++;
    if (at === page.keys.length) {
      page = this.#pages[++number];
      at = 0;
    }
    return page === undefined ? undefined : { key: page.keys[at]!, value: page.values[at]! };
  }

  /** The last pair whose key is below `key`; the last of all without one. */
  below(key: Uint8Array | undefined): HeldPair | undefined {
    if (this.#pages.length === 0) return undefined;
    let number = key === undefined ? this.#pages.length - 1 : pageOf(this.#pages, key);
    let page = this.#pages[number]!;
    let at = (key === undefined ? page.keys.length : lowerBound(page.keys, key)) - 1;
    if (at < 0) {
      const before = this.#pages[--number];
      if (before === undefined) return undefined;
      page = before;
      at = page.keys.length - 1;
    }
    return { key: page.keys[at]!, value: page.values[at]! };
  }

  edit(): PagesEdit {
    return new PagesEdit(this.#pages);
  }
}

/** Changes on their way to a new `SortedPages`; the one it started from stays as it is. */
export class PagesEdit {
  readonly #pages: Page[];
  readonly #owned = new Set<Page>();

  constructor(pages: readonly Page[]) {
    this.#pages = [...pages];
  }

  set(key: Uint8Array, value: Uint8Array): void {
    if (this.#pages.length === 0) this.#pages.push(this.#own({ keys: [], values: [] }));
    const number = pageOf(this.#pages, key);
    const page = this.#writable(number);
    const at = lowerBound(page.keys, key);
    const found = page.keys[at];
    if (found !== undefined && compareBytes(found, key) === 0) {
      page.values[at] = value;
      return;
    }
    page.keys.splice(at, 0, key);
    page.values.splice(at, 0, value);
    if (page.keys.length > PAGE_PAIRS_MAX) this.#split(number, at);
  }

  delete(key: Uint8Array): void {
    const number = pageOf(this.#pages, key);
    const held = this.#pages[number];
    if (held === undefined) return;
    const at = lowerBound(held.keys, key);
    const found = held.keys[at];
    if (found === undefined || compareBytes(found, key) !== 0) return;
    const page = this.#writable(number);
    page.keys.splice(at, 1);
    page.values.splice(at, 1);
    if (page.keys.length === 0) this.#pages.splice(number, 1);
  }

  done(): SortedPages {
    return this.#pages.length === 0 ? SortedPages.EMPTY : new SortedPages(this.#pages);
  }

  #writable(number: number): Page {
    const page = this.#pages[number]!;
    if (this.#owned.has(page)) return page;
    const copy = this.#own({ keys: [...page.keys], values: [...page.values] });
    this.#pages[number] = copy;
    return copy;
  }

  /** Ascending inserts split at the end, so that loading in order leaves full pages. */
  #split(number: number, insertedAt: number): void {
    const page = this.#pages[number]!;
    const isAppend = insertedAt === page.keys.length - 1;
    const cut = isAppend ? page.keys.length - 1 : page.keys.length >> 1;
    const upper = this.#own({ keys: page.keys.splice(cut), values: page.values.splice(cut) });
    this.#pages.splice(number + 1, 0, upper);
  }

  #own(page: Page): Page {
    this.#owned.add(page);
    return page;
  }
}

/** The last page whose first key is at or below `key`, or the first page: the only one that can hold it. */
function pageOf(pages: readonly Page[], key: Uint8Array): number {
  let low = 0;
  let high = pages.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareBytes(pages[middle]!.keys[0]!, key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Position of the first key at or above `key`. */
function lowerBound(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(keys[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
