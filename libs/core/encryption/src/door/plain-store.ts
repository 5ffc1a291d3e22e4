import { copyBytes, equalBytes } from '@caisson/base';
import type {
  Cursor,
  DeleteRangeProgress,
  KeyRange,
  Pair,
  ReadView,
  ScanLimits,
  Store,
  UntrustedStore,
  WritableBatch,
} from '@caisson/contracts';
import { SYSTEM_KEYS, TABLE } from '@caisson/formats';
import type { ValueDoor } from './value-door.js';

/** Called around every batch that goes through the door. */
export interface BatchWatch {
  /** May add rows of its own. `appliedIndex` is the row that tells how far the batch applies the log. */
  willWrite(batch: WritableBatch, appliedIndex: Uint8Array | undefined): void;
  onWritten(): void;
}

export interface PlainStoreParts {
  readonly below: UntrustedStore;
  readonly door: ValueDoor;
  /** Whether what lies below survives the process. */
  readonly durable: boolean;
  readonly watch: BatchWatch;
  /** The value in the place of one that did not open, or the refusal again. */
  mend?(storeKey: Uint8Array, refusal: unknown): Promise<Uint8Array>;
}

/** The plaintext side of one untrusted store. It keeps nothing of its own: bytes turn around as they pass. */
export class PlainStore implements Store {
  readonly side = 'plaintext';
  readonly durable: boolean;
  readonly #parts: PlainStoreParts;

  constructor(parts: PlainStoreParts) {
    this.#parts = parts;
    this.durable = parts.durable;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const stored = await this.#parts.below.get(key);
    return stored === undefined ? undefined : opened(this.#parts, key, stored);
  }

  view(direction?: 'forward' | 'reverse'): ReadView {
    return new PlainView(this.#parts.below.view(direction), this.#parts);
  }

  batch(): WritableBatch {
    return new PlainBatch(this.#parts);
  }

  deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    return this.#parts.below.deleteRange(range, limit);
  }
}

type Opening = Pick<PlainStoreParts, 'door' | 'mend'>;

class PlainView implements ReadView {
  readonly #below: ReadView;
  readonly #opening: Opening;

  constructor(below: ReadView, opening: Opening) {
    this.#below = below;
    this.#opening = opening;
  }

  get direction(): 'forward' | 'reverse' {
    return this.#below.direction;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const stored = await this.#below.get(key);
    return stored === undefined ? undefined : opened(this.#opening, key, stored);
  }

  scan(range: KeyRange): Cursor {
    return new PlainCursor(this.#below.scan(range), this.#opening);
  }

  close(): Promise<void> {
    return this.#below.close();
  }
}

class PlainCursor implements Cursor {
  readonly #below: Cursor;
  readonly #opening: Opening;

  constructor(below: Cursor, opening: Opening) {
    this.#below = below;
    this.#opening = opening;
  }

  async next(limits?: ScanLimits): Promise<readonly Pair[]> {
    const pairs = await this.#below.next(limits);
    const { door, mend } = this.#opening;
    if (mend === undefined) return pairs.map(({ key, value }) => ({ key, value: door.up(key, value) }));
    const plain: Pair[] = [];
    for (const { key, value } of pairs) {
      const turned = opened(this.#opening, key, value);
      plain.push({ key, value: turned instanceof Uint8Array ? turned : await turned });
    }
    return plain;
  }
}

class PlainBatch implements WritableBatch {
  readonly #below: WritableBatch;
  readonly #parts: PlainStoreParts;
  #appliedIndex: Uint8Array | undefined;

  constructor(parts: PlainStoreParts) {
    this.#below = parts.below.batch();
    this.#parts = parts;
  }

  get size(): number {
    return this.#below.size;
  }

  put(key: Uint8Array, value: Uint8Array): this {
    if (isAppliedIndex(key)) this.#appliedIndex = copyBytes(value);
    this.#below.put(key, this.#parts.door.down(key, value));
    return this;
  }

  delete(key: Uint8Array): this {
    this.#below.delete(key);
    return this;
  }

  async write(options: { readonly sync: boolean }): Promise<void> {
    this.#parts.watch.willWrite(this.#below, this.#appliedIndex);
    await this.#below.write(options);
    this.#parts.watch.onWritten();
  }
}

/** Waits only where a value has to be fetched from elsewhere. */
function opened(
  { door, mend }: Opening,
  key: Uint8Array,
  stored: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  try {
    return door.up(key, stored);
  } catch (refusal) {
    if (mend === undefined) throw refusal;
    return mend(key, refusal);
  }
}

function isAppliedIndex(key: Uint8Array): boolean {
  return key[0] === TABLE.system && equalBytes(key, SYSTEM_KEYS.appliedIndex);
}
