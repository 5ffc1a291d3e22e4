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
    return stored === undefined ? undefined : this.#parts.door.up(key, stored);
  }

  view(direction?: 'forward' | 'reverse'): ReadView {
    return new PlainView(this.#parts.below.view(direction), this.#parts.door);
  }

  batch(): WritableBatch {
    return new PlainBatch(this.#parts);
  }

  deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    return this.#parts.below.deleteRange(range, limit);
  }
}

class PlainView implements ReadView {
  readonly #below: ReadView;
  readonly #door: ValueDoor;

  constructor(below: ReadView, door: ValueDoor) {
    this.#below = below;
    this.#door = door;
  }

  get direction(): 'forward' | 'reverse' {
    return this.#below.direction;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const stored = await this.#below.get(key);
    return stored === undefined ? undefined : this.#door.up(key, stored);
  }

  scan(range: KeyRange): Cursor {
    return new PlainCursor(this.#below.scan(range), this.#door);
  }

  close(): Promise<void> {
    return this.#below.close();
  }
}

class PlainCursor implements Cursor {
  readonly #below: Cursor;
  readonly #door: ValueDoor;

  constructor(below: Cursor, door: ValueDoor) {
    this.#below = below;
    this.#door = door;
  }

  async next(limits?: ScanLimits): Promise<readonly Pair[]> {
    const pairs = await this.#below.next(limits);
    return pairs.map(({ key, value }) => ({ key, value: this.#door.up(key, value) }));
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

function isAppliedIndex(key: Uint8Array): boolean {
  return key[0] === TABLE.system && equalBytes(key, SYSTEM_KEYS.appliedIndex);
}
