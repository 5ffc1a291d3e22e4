import { ByteReader, ByteWriter, copyBytes, invariant } from '@caisson/base';
import {
  CaissonError,
  type DeleteRangeProgress,
  type KeyRange,
  type ReadView,
  type UntrustedStore,
  type WritableBatch,
} from '@caisson/contracts';
import { RecordFile, type RecordPlace } from '../records/record-file.js';
import { RowsView } from './rows-view.js';
import { changed, type RowChange, type SortedRows, valueAt, within } from './sorted-rows.js';

const PUT = 1;
const DELETE = 0;

/** A store of a process. Readers take the rows as they are; a batch replaces them once it is written. */
export class DiskStore implements UntrustedStore {
  readonly #onClosed: () => Promise<void>;
  #file: RecordFile | undefined;
  #rows: SortedRows = [];
  #isOpen = true;
  #writing: Promise<unknown> | undefined;

  private constructor(onClosed: () => Promise<void>) {
    this.#onClosed = onClosed;
  }

  static async open(place: RecordPlace, onClosed: () => Promise<void>): Promise<DiskStore> {
    const store = new DiskStore(onClosed);
    const changes: RowChange[] = [];
    const first = () => encode([]);
    store.#file = await RecordFile.open(place, first, (record) => changes.push(...decode(record)));
    store.#rows = changed([], changes);
    return store;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const value = valueAt(this.#rows, key);
    return value && copyBytes(value);
  }

  view(direction: ReadView['direction'] = 'forward'): ReadView {
    this.#assertOpen();
    return new RowsView(this.#rows, direction, () => this.#isOpen);
  }

  batch(): WritableBatch {
    return new DiskBatch((changes, sync) => this.#commit(changes, sync));
  }

  async deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    const found = within(this.#rows, range);
    const doomed = found.slice(0, limit).map(({ key }): RowChange => [key, undefined]);
    await this.#commit(doomed, false);
    return { deleted: doomed.length, more: found.length > doomed.length };
  }

  /** Leaves no byte of what was removed or written over. May run beside a batch. */
  async compact(): Promise<void> {
    this.#assertOpen();
    await this.#file!.replace(() => encode(this.#rows.map(({ key, value }): RowChange => [key, value])));
  }

  /** Views hold their rows in memory, so there is nobody to wait for. */
  scrub(): Promise<void> {
    return this.compact();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#writing?.catch(() => undefined);
    // A store that failed has said so; what it has is all there is.
    await this.#file!.sync().catch(() => undefined);
    await this.#file!.close();
    await this.#onClosed();
  }

  #commit(changes: readonly RowChange[], sync: boolean): Promise<void> {
    const onWritten = () => void (this.#rows = changed(this.#rows, changes));
    return this.#write(() => this.#file!.append(encode(changes), sync, onWritten));
  }

  async #write(work: () => Promise<void>): Promise<void> {
    this.#assertOpen();
    invariant('STORE-1', this.#writing === undefined, 'two writes at once in one store');
    const writing = work();
    this.#writing = writing;
    try {
      await writing;
    } finally {
      this.#writing = undefined;
    }
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new CaissonError('STORE_CLOSED');
  }
}

class DiskBatch implements WritableBatch {
  readonly #changes: RowChange[] = [];
  readonly #commit: (changes: readonly RowChange[], sync: boolean) => Promise<void>;
  #isSpent = false;

  constructor(commit: (changes: readonly RowChange[], sync: boolean) => Promise<void>) {
    this.#commit = commit;
  }

  get size(): number {
    return this.#changes.length;
  }

  put(key: Uint8Array, value: Uint8Array): this {
    return this.#add([copyBytes(key), copyBytes(value)]);
  }

  delete(key: Uint8Array): this {
    return this.#add([copyBytes(key), undefined]);
  }

  async write({ sync }: { readonly sync: boolean }): Promise<void> {
    this.#assertFresh();
    this.#isSpent = true;
    await this.#commit(this.#changes, sync);
  }

  #add(change: RowChange): this {
    this.#assertFresh();
    this.#changes.push(change);
    return this;
  }

  #assertFresh(): void {
    invariant('STORE-2', !this.#isSpent, 'a batch is used after its write');
  }
}

function encode(changes: readonly RowChange[]): Uint8Array {
  const writer = new ByteWriter(256);
  for (const [key, value] of changes) {
    writer.u8(value === undefined ? DELETE : PUT).block(key);
    if (value !== undefined) writer.block(value);
  }
  return writer.done();
}

function decode(record: Uint8Array): RowChange[] {
  const reader = new ByteReader(record);
  const changes: RowChange[] = [];
  while (reader.remaining > 0) {
    const isPut = reader.u8('kind') === PUT;
    const key = reader.block(record.length, 'key');
    changes.push([key, isPut ? reader.block(record.length, 'value') : undefined]);
  }
  return changes;
}
