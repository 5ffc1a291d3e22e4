import { compareBytes, copyBytes, crc32c, equalBytes } from '@caisson/base';
import {
  CaissonError,
  type Cursor,
  type DeleteRangeProgress,
  type KeyRange,
  type Pair,
  type ReadView,
  type ScanLimits,
  type UntrustedStore,
  type UntrustedStores,
  type WritableBatch,
} from '@caisson/contracts';

interface Row extends Pair {
  readonly checksum: number;
}

type Rows = readonly Row[];
type Change = readonly [key: Uint8Array, value: Uint8Array | undefined];

/** A directory's rows as written, and as a loss of power would leave them. */
interface Medium {
  current: Rows;
  synced: Rows;
}

/**
 * An ordered store as one would explain it: a sorted array that each batch replaces. Slow on purpose and
 * short, so that the kit is tried against something one can believe at a glance; `store-memory` is the fast
 * one.
 */
export class PlainStores implements UntrustedStores {
  readonly capabilities = { durable: true, syncedWrites: true, detectsDamage: true };
  readonly #media = new Map<string, Medium>();
  readonly #open = new Map<string, PlainStore>();

  async open(directory: string): Promise<UntrustedStore> {
    if (this.#open.has(directory)) throw new CaissonError('DIRECTORY_LOCKED', { path: directory });
    const medium = this.#media.get(directory) ?? { current: [], synced: [] };
    const store = new PlainStore(medium, () => this.#open.delete(directory));
    this.#media.set(directory, medium);
    this.#open.set(directory, store);
    return store;
  }

  async exists(directory: string): Promise<boolean> {
    return this.#media.has(directory);
  }

  async move(from: string, to: string): Promise<void> {
    const medium = this.#media.get(from);
    if (medium === undefined || this.#media.has(to) || this.#open.has(from)) {
      throw new CaissonError('INTERNAL', { reason: 'a move of nothing, or onto something' });
    }
    this.#media.delete(from);
    this.#media.set(to, medium);
  }

  async remove(directory: string): Promise<void> {
    this.#media.delete(directory);
  }

  crash(): void {
    for (const store of this.#open.values()) store.abandon();
    this.#open.clear();
    for (const medium of this.#media.values()) medium.current = medium.synced;
  }

  /** Flips a bit of the value in the middle of a directory's rows. */
  damage(directory: string): void {
    const medium = this.#media.get(directory);
    if (medium === undefined) return;
    const middle = medium.current.length >> 1;
    medium.current = medium.current.map((row, at) =>
      at === middle ? { ...row, value: flipped(row.value) } : row,
    );
  }
}

class PlainStore implements UntrustedStore {
  readonly #medium: Medium;
  readonly #onClosed: () => void;
  #isOpen = true;

  constructor(medium: Medium, onClosed: () => void) {
    this.#medium = medium;
    this.#onClosed = onClosed;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return valueIn(this.#rows(), key);
  }

  view(direction: ReadView['direction'] = 'forward'): ReadView {
    let rows: Rows | undefined = this.#rows();
    const current = () => {
      if (rows === undefined) throw new CaissonError('STORE_CLOSED');
      this.#rows();
      return rows;
    };
    return {
      direction,
      get: async (key) => valueIn(current(), key),
      scan: (range) => cursorOver(current, direction, { ...range }),
      close: async () => void (rows = undefined),
    };
  }

  batch(): WritableBatch {
    const changes: Change[] = [];
    let isSpent = false;
    return {
      put(key, value) {
        changes.push([copyBytes(key), copyBytes(value)]);
        return this;
      },
      delete(key) {
        changes.push([copyBytes(key), undefined]);
        return this;
      },
      get size() {
        return changes.length;
      },
      write: async ({ sync }) => {
        if (isSpent) throw new CaissonError('INTERNAL', { reason: 'a spent batch' });
        isSpent = true;
        this.#replace(applied(this.#rows(), changes), sync);
      },
    };
  }

  async deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    const within = this.#rows().filter(({ key }) => isWithin(key, range));
    const doomed = within.slice(0, limit);
    this.#replace(
      applied(
        this.#rows(),
        doomed.map(({ key }) => [key, undefined] as const),
      ),
      false,
    );
    return { deleted: doomed.length, more: within.length > doomed.length };
  }

  async compact(): Promise<void> {
    this.#rows();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#medium.synced = this.#medium.current;
    this.#onClosed();
  }

  abandon(): void {
    this.#isOpen = false;
  }

  #rows(): Rows {
    if (!this.#isOpen) throw new CaissonError('STORE_CLOSED');
    return this.#medium.current;
  }

  #replace(rows: Rows, sync: boolean): void {
    this.#medium.current = rows;
    if (sync) this.#medium.synced = rows;
  }
}

function cursorOver(current: () => Rows, direction: ReadView['direction'], range: KeyRange): Cursor {
  const bounds = { from: copyBytes(range.from), ...(range.to && { to: copyBytes(range.to) }) };
  let rest: Rows | undefined;
  return {
    async next({ pairs: pairsMax = 256, bytes: bytesMax = 256 * 1024 }: ScanLimits = {}) {
      const rows = current();
      if (rest === undefined) {
        rest = rows.filter(({ key }) => isWithin(key, bounds));
        if (direction === 'reverse') rest = rest.toReversed();
      }
      const step: Pair[] = [];
      let bytes = 0;
      for (const row of rest) {
        if (step.length > 0 && (step.length >= pairsMax || bytes >= bytesMax)) break;
        step.push({ key: copyBytes(row.key), value: intact(row) });
        bytes += row.key.length + row.value.length;
      }
      rest = rest.slice(step.length);
      return step;
    },
  };
}

function applied(rows: Rows, changes: readonly Change[]): Rows {
  const byKey = new Map(rows.map((row) => [String(row.key), row]));
  for (const [key, value] of changes) {
    if (value === undefined) byKey.delete(String(key));
    else byKey.set(String(key), { key, value, checksum: crc32c(value) });
  }
  return [...byKey.values()].sort((a, b) => compareBytes(a.key, b.key));
}

function valueIn(rows: Rows, key: Uint8Array): Uint8Array | undefined {
  const row = rows.find((each) => equalBytes(each.key, key));
  return row && intact(row);
}

function intact({ value, checksum }: Row): Uint8Array {
  if (crc32c(value) !== checksum) throw new CaissonError('CORRUPTION');
  return copyBytes(value);
}

function isWithin(key: Uint8Array, { from, to }: KeyRange): boolean {
  return compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0);
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = copyBytes(bytes);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}
