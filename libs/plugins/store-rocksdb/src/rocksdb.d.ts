/**
 * What this library uses of the binding, version 5.2.1; the package ships no types. Members marked internal
 * are not documented by the package, which is why its version is pinned.
 */
declare module 'rocksdb' {
  interface OpenOptions {
    readonly createIfMissing?: boolean;
    readonly compression?: boolean;
    readonly cacheSize?: number;
    readonly writeBufferSize?: number;
    readonly blockSize?: number;
    readonly maxOpenFiles?: number;
  }

  interface IteratorOptions {
    readonly reverse?: boolean;
    readonly values?: boolean;
    readonly fillCache?: boolean;
    readonly highWaterMark?: number;
  }

  type Done = (error?: Error | null) => void;

  interface RocksDbBatch {
    put(key: Buffer, value: Buffer): this;
    del(key: Buffer): this;
    write(options: { readonly sync: boolean }, done: Done): void;
  }

  interface RocksDbIterator {
    /** Runs on the calling thread. */
    seek(target: Buffer): void;
    next(done: (error?: Error | null, key?: Buffer, value?: Buffer) => void): this;
    end(done: Done): void;
    /** Internal: rows fetched and not handed out yet, as value, key, value, key, last row first. */
    cache: Buffer[] | null;
    /** Internal: whether the native iterator has reached its end. */
    readonly finished: boolean;
  }

  class RocksDb {
    constructor(location: string);
    open(options: OpenOptions, done: Done): void;
    close(done: Done): void;
    get(key: Buffer, done: (error?: Error | null, value?: Buffer) => void): void;
    getMany(
      keys: readonly Buffer[],
      done: (error?: Error | null, values?: readonly (Buffer | undefined)[]) => void,
    ): void;
    batch(): RocksDbBatch;
    iterator(options?: IteratorOptions): RocksDbIterator;
    compactRange(from: Buffer, to: Buffer, done: Done): void;
    getProperty(name: string): string;
  }

  export { RocksDb, RocksDbBatch, RocksDbIterator, OpenOptions, IteratorOptions };
  export default RocksDb;
}
