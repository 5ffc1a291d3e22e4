/** The part of the binding that holding a directory needs; the package ships no types. */
declare module 'rocksdb' {
  interface OpenOptions {
    readonly createIfMissing?: boolean;
    readonly compression?: boolean;
    readonly cacheSize?: number;
    readonly writeBufferSize?: number;
    readonly maxOpenFiles?: number;
  }

  type Done = (error?: Error | null) => void;

  class RocksDb {
    constructor(location: string);
    open(options: OpenOptions, done: Done): void;
    close(done: Done): void;
  }

  export default RocksDb;
}
