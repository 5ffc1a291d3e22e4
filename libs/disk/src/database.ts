import type { CaissonError } from '@caisson/contracts';
import RocksDb from 'rocksdb';
import type {
  Binding,
  Done,
  GetOptions,
  IteratorOptions,
  NativeBatch,
  NativeIterator,
  OpenOptions,
} from './binding.js';
import { diskFault } from './faults.js';
import { lookAgainUntil, OwnResumption } from './own-resumption.js';

/** Properties of the binding that are numbers. */
export type NumericProperty =
  | 'num-entries-active-mem-table'
  | 'num-entries-imm-mem-tables'
  | 'current-super-version-number'
  | 'background-errors';

/** The binding with promises, and with failures of our own types. */
export class Database {
  readonly path: string;
  readonly #db: Binding;
  readonly #resumption = new OwnResumption();
  /** Merges that nobody waits for any more, and that hold a thread of this process all the same. */
  readonly #stuck = new Set<Promise<void>>();

  constructor(path: string) {
    this.path = path;
    this.#db = new RocksDb(path);
  }

  open(options: OpenOptions): Promise<void> {
    return this.#settle('open', (done) => this.#db.open(options, done));
  }

  /** Rejects at once where a merge is stuck: the binding would wait for it. The process has to end then. */
  async close(): Promise<void> {
    if (this.#stuck.size > 0) throw this.#unwritten('close');
    await this.#resumption.pause();
    return this.#settle('close', (done) => this.#db.close(done));
  }

  get(key: Buffer, options: GetOptions = {}): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#db.get(key, options, (error, value) => {
        if (!error) resolve(value);
        else if (error.message.startsWith('NotFound')) resolve(undefined);
        else reject(diskFault(error, { operation: 'get', path: this.path }));
      });
    });
  }

  /** As `get`, for all as they are at one moment; fails as a whole. */
  getMany(keys: readonly Buffer[], options: GetOptions = {}): Promise<readonly (Buffer | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.#db.getMany(keys, options, (error, values = []) => {
        if (error) reject(diskFault(error, { operation: 'get', path: this.path }));
        else resolve(values);
      });
    });
  }

  batch(): NativeBatch {
    return this.#db.batch();
  }

  write(batch: NativeBatch, sync: boolean): Promise<void> {
    return this.#settle('write', (done) => batch.write({ sync }, done));
  }

  /** For those who verify the table files themselves: see `NativeIterator`. */
  iterator(options: IteratorOptions): NativeIterator {
    return this.#db.iterator(options);
  }

  /**
   * Rejects where a table file could not be written since the database was opened, by this merge or not. The
   * binding takes every end of a merge for a good one, and there is none where RocksDB waits for a flush that
   * is not tried again.
   */
  async compact(from: Buffer, to: Buffer): Promise<void> {
    const hasFailed = (): boolean => this.number('background-errors') > 0;
    let isOver = false;
    const merge = this.#settle('compact', (done) => this.#db.compactRange(from, to, done)).finally(() => {
      isOver = true;
      this.#stuck.delete(merge);
    });
    await Promise.race([merge, lookAgainUntil(() => isOver || hasFailed())]);
    if (!isOver) this.#stuck.add(merge);
    if (hasFailed()) throw this.#unwritten('compact');
    return merge;
  }

  /** The live table files and their key ranges, as text. */
  tables(): string {
    return this.#db.getProperty('rocksdb.sstables');
  }

  number(property: NumericProperty): number {
    return Number(this.#db.getProperty(`rocksdb.${property}`));
  }

  #unwritten(operation: string): CaissonError {
    const cause = new RangeError('a table file could not be written in the background');
    return diskFault(cause, { operation, path: this.path });
  }

  #settle(operation: string, start: (done: Done) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => {
        if (!error) return resolve();
        const fault = diskFault(error, { operation, path: this.path });
        this.#resumption.noticed(fault);
        reject(fault);
      });
    });
  }
}
