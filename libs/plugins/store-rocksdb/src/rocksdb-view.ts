import { compareBytes, equalBytes } from '@caisson/base';
import {
  CaissonError,
  type Cursor,
  type KeyRange,
  type Pair,
  type ReadView,
  type ScanLimits,
} from '@caisson/contracts';
import { diskFault, type NativeIterator } from '@caisson/disk';
import type { Gate } from './gate.js';
import {
  FORMAT_KEY,
  fromDatabaseKey,
  MARKER_PREFIX,
  toDatabaseKey,
  visibleStretches,
  type Stretch,
} from './hidden-rows.js';
import { plainBytes } from './plain-bytes.js';

const PAIRS_DEFAULT = 256;
const BYTES_DEFAULT = 256 * 1024;

/** Above every key: keys are far shorter. */
const ABOVE_ALL = Buffer.alloc(256 * 1024, 0xff);

export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface ViewParts {
  readonly iterator: NativeIterator;
  readonly direction: 'forward' | 'reverse';
  readonly gate: Gate;
  readonly path: string;
  readonly onClosed: (view: RocksdbView) => void;
}

/**
 * One native iterator, which is the binding's only kind of snapshot, shared by every read of the view.
 *
 * Reads run one after the other. Whoever moved the iterator last owns its position; another reader seeks
 * first.
 */
export class RocksdbView implements ReadView {
  readonly #parts: ViewParts;
  #last: Promise<unknown> = Promise.resolve();
  /** Where the iterator stands: what it was sent to, or the row it gave last. */
  #at: Buffer = ABOVE_ALL;
  #owner: object | undefined;
  #ended: Promise<void> | undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  get direction(): 'forward' | 'reverse' {
    return this.#parts.direction;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const target = Buffer.from(toDatabaseKey(key));
    return this.exclusively(async () => {
      this.#owner = undefined;
      this.seek(target);
      const row = await this.step();
      return row && equalBytes(row.key, target) ? plainBytes(row.value) : undefined;
    });
  }

  scan(range: KeyRange): Cursor {
    return new RocksdbCursor(this, visibleStretches(range));
  }

  close(): Promise<void> {
    // What was asked for before finishes first.
    this.#ended ??= this.#last.then(() => this.#end());
    return this.#ended;
  }

  /** Runs one read after those before it; `STORE_CLOSED` once view or store are closed. */
  exclusively<T>(read: () => Promise<T>): Promise<T> {
    const { gate } = this.#parts;
    if (this.#ended) return Promise.reject(new CaissonError('STORE_CLOSED', { what: 'view' }));
    const run = async () => {
      gate.enter();
      try {
        return await read();
      } finally {
        gate.leave();
      }
    };
    const result = this.#last.then(run);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Whether the iterator stands where `owner` left it; from now on it does. */
  own(owner: object): boolean {
    const owned = this.#owner === owner;
    this.#owner = owner;
    return owned;
  }

  seek(target: Buffer | undefined): void {
    this.#at = target ?? ABOVE_ALL;
    this.#parts.iterator.seek(this.#at);
  }

  /** Keeps a copy of the key of the row that was given last. */
  standAt(key: Buffer): Buffer {
    this.#at = key;
    return key;
  }

  /** The next row, straight from what the binding has fetched where that is possible. */
  step(): Promise<Row | undefined> | Row | undefined {
    const { iterator } = this.#parts;
    const fetched = iterator.cache;
    if (fetched && fetched.length > 0) {
      const key = fetched.pop()!;
      this.#at = key;
      return { key, value: fetched.pop()! };
    }
    return new Promise((resolve, reject) => {
      iterator.next((error, key, value) => {
        if (error) return reject(this.#fault(error));
        if (key === undefined)
          return this.#isEnd() ? resolve(undefined) : reject(this.#fault({ code: 'EIO' }));
        this.#at = key;
        resolve({ key, value: value! });
      });
    });
  }

  /**
   * Whether there can be nothing more: the rows of our own lie at either end of the tables and are always
   * met. The binding forgets a failed seek, and reports the end of the database in its place.
   */
  #isEnd(): boolean {
    if (this.direction === 'forward') return compareBytes(this.#at, MARKER_PREFIX) >= 0;
    return compareBytes(this.#at, FORMAT_KEY) <= 0;
  }

  #fault(error: unknown): CaissonError {
    return diskFault(error, { operation: 'read', path: this.#parts.path });
  }

  async #end(): Promise<void> {
    const { iterator, onClosed } = this.#parts;
    await new Promise<void>((resolve) => iterator.end(() => resolve()));
    onClosed(this);
  }
}

class RocksdbCursor implements Cursor {
  readonly #view: RocksdbView;
  readonly #stretches: Stretch[];
  /**
   * The last key handed out of the current stretch: where to go on after somebody else moved the iterator.
   */
  #after: Buffer | undefined;
  #seeks = true;

  constructor(view: RocksdbView, stretches: readonly Stretch[]) {
    this.#view = view;
    this.#stretches = view.direction === 'forward' ? [...stretches] : [...stretches].reverse();
  }

  next(limits: ScanLimits = {}): Promise<readonly Pair[]> {
    const { pairs: pairsMax = PAIRS_DEFAULT, bytes: bytesMax = BYTES_DEFAULT } = limits;
    return this.#view.exclusively(async () => {
      if (!this.#view.own(this)) this.#seeks = true;
      const pairs: Pair[] = [];
      let bytes = 0;
      while (pairs.length < pairsMax && bytes < bytesMax) {
        const row = await this.#row();
        if (!row) break;
        bytes += row.key.length + row.value.length;
        pairs.push({ key: fromDatabaseKey(row.key), value: plainBytes(row.value) });
      }
      // The array of the last key goes to the caller, who may write to it.
      if (this.#after) this.#after = this.#view.standAt(Buffer.from(this.#after));
      return pairs;
    });
  }

  async #row(): Promise<Row | undefined> {
    for (;;) {
      const stretch = this.#stretches[0];
      if (!stretch) return undefined;
      if (this.#seeks) this.#seek(stretch);
      const step = this.#view.step();
      const row = step instanceof Promise ? await step : step;
      if (row && this.#isBefore(row.key, stretch)) continue;
      if (row && this.#isInside(row.key, stretch)) {
        this.#after = row.key;
        return row;
      }
      this.#stretches.shift();
      this.#after = undefined;
      this.#seeks = true;
    }
  }

  #seek(stretch: Stretch): void {
    this.#view.seek(this.#after ?? (this.#view.direction === 'forward' ? stretch.from : stretch.to));
    this.#seeks = false;
  }

  /** A row that a seek met on its way to where the cursor goes on. */
  #isBefore(key: Buffer, stretch: Stretch): boolean {
    if (this.#after && equalBytes(key, this.#after)) return true;
    return (
      this.#view.direction === 'reverse' && stretch.to !== undefined && compareBytes(key, stretch.to) >= 0
    );
  }

  #isInside(key: Buffer, { from, to }: Stretch): boolean {
    if (this.#view.direction === 'reverse') return compareBytes(key, from) >= 0;
    return to === undefined || compareBytes(key, to) < 0;
  }
}
