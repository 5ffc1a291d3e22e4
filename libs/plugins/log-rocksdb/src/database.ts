import RocksDb, { type IteratorOptions, type OpenOptions, type RocksDbBatch, type RocksDbIterator } from 'rocksdb';
import { diskFault } from './faults.js';

type Done = (error?: Error | null) => void;

/** The binding with promises, and with failures of our own types. */
export class Database {
  readonly path: string;
  readonly #db: RocksDb;

  constructor(path: string) {
    this.path = path;
    this.#db = new RocksDb(path);
  }

  open(options: OpenOptions): Promise<void> {
    return this.#settle('open', (done) => this.#db.open(options, done));
  }

  close(): Promise<void> {
    return this.#settle('close', (done) => this.#db.close(done));
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#db.get(key, (error, value) => {
        if (!error || error.message.startsWith('NotFound')) resolve(value);
        else reject(diskFault(error, { operation: 'get', path: this.path }));
      });
    });
  }

  batch(): RocksDbBatch {
    return this.#db.batch();
  }

  write(batch: RocksDbBatch, sync: boolean): Promise<void> {
    return this.#settle('write', (done) => batch.write({ sync }, done));
  }

  /** Rows as they are now, whatever is written later. */
  rows(options: IteratorOptions): Rows {
    return new Rows(this.#db.iterator(options), this.path);
  }

  #settle(operation: string, start: (done: Done) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => {
        if (error) reject(diskFault(error, { operation, path: this.path }));
        else resolve();
      });
    });
  }
}

/** Must be ended, or the database cannot close. */
export class Rows {
  readonly #iterator: RocksDbIterator;
  readonly #path: string;

  constructor(iterator: RocksDbIterator, path: string) {
    this.#iterator = iterator;
    this.#path = path;
  }

  next(): Promise<readonly [key: Buffer, value: Buffer] | undefined> {
    return new Promise((resolve, reject) => {
      this.#iterator.next((error, key, value) => {
        if (error) reject(diskFault(error, { operation: 'read', path: this.#path }));
        else resolve(key === undefined ? undefined : [key, value!]);
      });
    });
  }

  end(): Promise<void> {
    return new Promise((resolve) => this.#iterator.end(() => resolve()));
  }
}
