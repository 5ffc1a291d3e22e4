import RocksDb, { type OpenOptions, type RocksDbBatch } from 'rocksdb';
import { diskFault } from './faults.js';
import { OwnResumption } from './own-resumption.js';

type Done = (error?: Error | null) => void;

/**
 * The binding with promises, and with failures of our own types.
 *
 * Rows are read by key and never by iterator: the binding's iterators skip the checksums of blocks, and
 * RocksDB ends the process when it meets a block that makes no sense.
 */
export class Database {
  readonly path: string;
  readonly #db: RocksDb;
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

  /** All rows as they are at one moment; `undefined` for each that is not there. */
  get(keys: readonly Buffer[]): Promise<readonly (Buffer | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.#db.getMany(keys, { fillCache: false }, (error, values) => {
        if (error) reject(diskFault(error, { operation: 'get', path: this.path }));
        else resolve(values!);
      });
    });
  }

  batch(): RocksDbBatch {
    return this.#db.batch();
  }

  write(batch: RocksDbBatch, sync: boolean): Promise<void> {
    return this.#settle('write', (done) => batch.write({ sync }, done));
  }

  compact(from: Buffer, to: Buffer): Promise<void> {
    return this.#settle('compact', (done) => this.#db.compactRange(from, to, done));
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
