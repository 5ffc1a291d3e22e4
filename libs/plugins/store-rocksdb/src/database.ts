import RocksDb, {
  type IteratorOptions,
  type OpenOptions,
  type RocksDbBatch,
  type RocksDbIterator,
} from 'rocksdb';
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

  get(key: Buffer): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#db.get(key, (error, value) => {
        if (!error) resolve(value === undefined ? undefined : plainBytes(value));
        else if (error.message.startsWith('NotFound')) resolve(undefined);
        else reject(diskFault(error, { operation: 'get', path: this.path }));
      });
    });
  }

  /** As `get`, for all at one moment; fails as a whole. */
  getMany(keys: readonly Buffer[]): Promise<readonly (Uint8Array | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.#db.getMany(keys, (error, values = []) => {
        if (error) reject(diskFault(error, { operation: 'get', path: this.path }));
        else resolve(values.map((value) => value && plainBytes(value)));
      });
    });
  }

  batch(): RocksDbBatch {
    return this.#db.batch();
  }

  write(batch: RocksDbBatch, sync: boolean): Promise<void> {
    return this.#settle('write', (done) => batch.write({ sync }, done));
  }

  iterator(options: IteratorOptions): RocksDbIterator {
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

  #settle(operation: string, start: (done: (error?: Error | null) => void) => void): Promise<void> {
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

/** The same bytes without the methods of `Buffer`, whose `slice` would share memory. */
export function plainBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** The same bytes as the binding wants them; no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
