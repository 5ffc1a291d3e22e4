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
import { OwnResumption } from './own-resumption.js';

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

  constructor(path: string) {
    this.path = path;
    this.#db = new RocksDb(path);
  }

  open(options: OpenOptions): Promise<void> {
    return this.#settle('open', (done) => this.#db.open(options, done));
  }

  async close(): Promise<void> {
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

  compact(from: Buffer, to: Buffer): Promise<void> {
    return this.#settle('compact', (done) => this.#db.compactRange(from, to, done));
  }

  /** The live table files and their key ranges, as text. */
  tables(): string {
    return this.#db.getProperty('rocksdb.sstables');
  }

  number(property: NumericProperty): number {
    return Number(this.#db.getProperty(`rocksdb.${property}`));
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
