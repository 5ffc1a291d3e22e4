/** What this library uses of the binding, version 5.2.1; the package ships no types. */
declare module 'rocksdb' {
  interface OpenOptions {
    readonly createIfMissing: boolean;
    readonly compression: boolean;
    readonly writeBufferSize: number;
  }

  type Done = (error?: Error | null) => void;

  interface RocksDbBatch {
    /** Copies both at once. */
    put(key: Buffer, value: Buffer): this;
    del(key: Buffer): this;
    write(options: { readonly sync: boolean }, done: Done): void;
  }

  class RocksDb {
    constructor(location: string);
    open(options: OpenOptions, done: Done): void;
    close(done: Done): void;
    /** All of one moment, in the order of the keys. */
    getMany(
      keys: readonly Buffer[],
      options: { readonly fillCache?: boolean },
      done: (error?: Error | null, values?: (Buffer | undefined)[]) => void,
    ): void;
    batch(): RocksDbBatch;
    compactRange(from: Buffer, to: Buffer, done: Done): void;
  }

  export { RocksDb, RocksDbBatch, OpenOptions };
  export default RocksDb;
}
