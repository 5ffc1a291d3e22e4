import { createDeferred, invariant } from '@caisson/base';
import {
  CaissonError,
  type DeleteRangeProgress,
  type KeyRange,
  type ReadView,
  type UntrustedStore,
  type WritableBatch,
} from '@caisson/contracts';
import type { Database, NativeBatch } from '@caisson/disk';
import { Gate } from './gate.js';
import { GatheredGets } from './gathered-gets.js';
import type { HeadFile } from './head-file.js';
import { OPENED_KEY, toDatabaseKey } from './hidden-rows.js';
import type { MarkerLedger } from './marker-ledger.js';
import { markerKey, markerValue, openedValue, type BatchDigest } from './markers.js';
import { RocksdbBatch } from './rocksdb-batch.js';
import { RocksdbView } from './rocksdb-view.js';

/** What one fetch of an iterator brings at most; the first one after a seek brings a single row. */
const READ_AHEAD_BYTES = 16 * 1024;
/** The same for a view that sweeps: enough that the way to the thread that reads does not count. */
const SWEEP_AHEAD_BYTES = 512 * 1024;

const LOWEST = Buffer.from([0x00]);
const HIGHEST = Buffer.alloc(64, 0xff);

export interface OpenedStore {
  readonly database: Database;
  readonly head: HeadFile;
  readonly ledger: MarkerLedger;
}

/** Ordered bytes in RocksDB, with a marker beside every batch so that none can be lost unnoticed. */
export class RocksdbStore implements UntrustedStore {
  readonly #database: Database;
  readonly #head: HeadFile;
  readonly #ledger: MarkerLedger;
  readonly #gets: GatheredGets;
  readonly #gate = new Gate();
  readonly #views = new Set<RocksdbView>();
  readonly #onViewClosed = new Set<() => void>();
  #isWriting = false;
  /** Whether something was written since the last synced batch. */
  #isUnsynced = false;
  /** What the first batch notes: how far the store reached when it was opened. */
  #opened: number | undefined;
  #failure: CaissonError | undefined;

  constructor({ database, head, ledger }: OpenedStore) {
    this.#database = database;
    this.#gets = new GatheredGets(database);
    this.#head = head;
    this.#ledger = ledger;
    if (unflushedRows(database) === 0) this.#opened = ledger.sequence;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#gate.enter();
    try {
      return await this.#gets.get(toDatabaseKey(key));
    } finally {
      this.#gate.leave();
    }
  }

  view(direction: 'forward' | 'reverse' = 'forward', options?: { readonly sweeps: boolean }): ReadView {
    return this.#openView(direction, options?.sweeps === true ? SWEEP_AHEAD_BYTES : READ_AHEAD_BYTES);
  }

  batch(): WritableBatch {
    this.#gate.enter();
    this.#gate.leave();
    return new RocksdbBatch(this.#database.batch(), (batch, digest, sync) =>
      this.#write(batch, digest, sync),
    );
  }

  async deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress> {
    const view = this.#openView('forward', READ_AHEAD_BYTES);
    try {
      const cursor = view.scan(range);
      const batch = this.batch();
      while (batch.size < limit) {
        const pairs = await cursor.next({ pairs: limit - batch.size });
        if (pairs.length === 0) break;
        for (const { key } of pairs) batch.delete(key);
      }
      const deleted = batch.size;
      const more = deleted >= limit && (await cursor.next({ pairs: 1 })).length > 0;
      if (deleted > 0) await batch.write({ sync: false });
      return { deleted, more };
    } finally {
      await view.close();
    }
  }

  async compact(range?: { readonly from: Uint8Array; readonly to: Uint8Array }): Promise<void> {
    this.#gate.enter();
    try {
      const [from, to] = range ? [toDatabaseKey(range.from), toDatabaseKey(range.to)] : [LOWEST, HIGHEST];
      await this.#database.compact(from, to);
    } finally {
      this.#gate.leave();
    }
  }

  /**
   * An iterator keeps what it shows from being dropped, and the files it reads from being removed: those that
   * are open before are waited for, and those that opened meanwhile.
   */
  async scrub(signal?: AbortSignal): Promise<void> {
    await this.#viewsClosed(signal);
    await this.compact();
    await this.#viewsClosed(signal);
  }

  async close(): Promise<void> {
    if (!(await this.#gate.close())) return;
    for (const view of [...this.#views]) await view.close();
    try {
      if (this.#isUnsynced && !this.#failure) await this.#syncHead();
    } finally {
      this.#head.close();
      await this.#database.close();
    }
  }

  /** What was written without sync becomes durable at an orderly close, and the head file says so. */
  async #syncHead(): Promise<void> {
    const batch = this.#database.batch();
    const { sequence, digest } = this.#ledger;
    // Writing the newest marker again changes nothing and syncs everything before it.
    const marker = await this.#database.get(markerKey(sequence));
    if (!marker) return;
    batch.put(markerKey(sequence), marker);
    await this.#database.write(batch, true);
    this.#head.write({ sequence, digest });
  }

  async #viewsClosed(signal: AbortSignal | undefined): Promise<void> {
    const open = [...this.#views];
    while (open.some((view) => this.#views.has(view))) {
      signal?.throwIfAborted();
      const waiting = createDeferred<void>();
      const wake = () => waiting.resolve();
      this.#onViewClosed.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      await waiting.promise;
      this.#onViewClosed.delete(wake);
      signal?.removeEventListener('abort', wake);
    }
  }

  #forget(view: RocksdbView): void {
    this.#views.delete(view);
    for (const wake of this.#onViewClosed) wake();
  }

  #openView(direction: 'forward' | 'reverse', highWaterMark: number): RocksdbView {
    this.#gate.enter();
    this.#gate.leave();
    const reverse = direction === 'reverse';
    const view: RocksdbView = new RocksdbView({
      iterator: this.#database.iterator({ reverse, highWaterMark }),
      direction,
      gate: this.#gate,
      path: this.#database.path,
      onClosed: () => this.#forget(view),
    });
    this.#views.add(view);
    return view;
  }

  async #write(batch: NativeBatch, digest: BatchDigest, sync: boolean): Promise<void> {
    invariant('STORE-1', !this.#isWriting, 'a store has one writer');
    if (this.#failure) throw this.#failure;
    this.#gate.enter();
    this.#isWriting = true;
    try {
      await this.#writeMarked(batch, digest, sync);
    } catch (error) {
      this.#failure = error as CaissonError;
      throw error;
    } finally {
      this.#isWriting = false;
      this.#gate.leave();
    }
  }

  async #writeMarked(batch: NativeBatch, digest: BatchDigest, sync: boolean): Promise<void> {
    const ledger = this.#ledger;
    const marker = ledger.next((sequence, previous) => digest.chained(sequence, previous));
    batch.put(markerKey(marker.sequence), markerValue(marker));
    for (let old = marker.removeFrom; old < marker.floor; old++) batch.del(markerKey(old));
    let ownRows = 1 + marker.floor - marker.removeFrom;
    if (this.#opened !== undefined) {
      batch.put(OPENED_KEY, openedValue(this.#opened));
      this.#opened = undefined;
      ownRows++;
    }
    await this.#database.write(batch, sync);
    ledger.wrote(marker, digest.operations + ownRows);
    if (sync) this.#head.write({ sequence: marker.sequence, digest: marker.digest });
    this.#isUnsynced = !sync;
    if (ledger.isObservationDue) ledger.observe(unflushedRows(this.#database));
  }
}

/** Rows that are in memory and in the write-ahead log, and in no table file yet. */
export function unflushedRows(database: Database): number {
  return database.number('num-entries-active-mem-table') + database.number('num-entries-imm-mem-tables');
}
