/** What this library uses of the binding, version 5.2.1; the package ships no types. */
declare module 'rocksdb' {
  interface OpenOptions {
    readonly createIfMissing: boolean;
    readonly compression: boolean;
    readonly writeBufferSize: number;
  }

  interface IteratorOptions {
    readonly gte?: Buffer;
    readonly gt?: Buffer;
    readonly lt?: Buffer;
    readonly values?: boolean;
    readonly fillCache?: boolean;
    /** Bytes fetched ahead. */
    readonly highWaterMark?: number;
  }

  type Done = (error?: Error | null) => void;

  interface RocksDbBatch {
    /** Copies both at once. */
    put(key: Buffer, value: Buffer): this;
    del(key: Buffer): this;
    write(options: { readonly sync: boolean }, done: Done): void;
  }

  /** Sees the database as it was when the iterator was made. */
  interface RocksDbIterator {
    next(done: (error?: Error | null, key?: Buffer, value?: Buffer) => void): this;
    end(done: Done): void;
  }

  class RocksDb {
    constructor(location: string);
    open(options: OpenOptions, done: Done): void;
    close(done: Done): void;
    get(key: Buffer, done: (error?: Error | null, value?: Buffer) => void): void;
    batch(): RocksDbBatch;
    iterator(options: IteratorOptions): RocksDbIterator;
  }

  export { RocksDb, RocksDbBatch, RocksDbIterator, OpenOptions, IteratorOptions };
  export default RocksDb;
}
