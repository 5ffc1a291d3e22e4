/** What the tests use of the binding, which ships no types. */
declare module 'rocksdb' {
  type Done = (error?: Error | null) => void;

  interface Batch {
    put(key: Buffer, value: Buffer): this;
    del(key: Buffer): this;
    write(options: { readonly sync: boolean }, done: Done): void;
  }

  interface RocksIterator {
    seek(target: Buffer): void;
    next(done: (error?: Error | null, key?: Buffer, value?: Buffer) => void): void;
    end(done: Done): void;
  }

  export default class RocksDb {
    constructor(location: string);
    open(options: object, done: Done): void;
    close(done: Done): void;
    batch(): Batch;
    iterator(): RocksIterator;
  }
}
