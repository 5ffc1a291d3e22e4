/**
 * What Caisson uses of the binding `rocksdb`, version 5.2.1; the package ships no types. Members marked
 * internal are not documented by the package, which is why its version is pinned.
 */
export interface Binding {
  open(options: OpenOptions, done: Done): void;
  close(done: Done): void;
  get(key: Buffer, options: GetOptions, done: (error?: Error | null, value?: Buffer) => void): void;
  /** All of one moment, in the order of the keys. */
  getMany(
    keys: readonly Buffer[],
    options: GetOptions,
    done: (error?: Error | null, values?: (Buffer | undefined)[]) => void,
  ): void;
  batch(): NativeBatch;
  iterator(options?: IteratorOptions): NativeIterator;
  compactRange(from: Buffer, to: Buffer, done: Done): void;
  getProperty(name: string): string;
}

export type Done = (error?: Error | null) => void;

export interface OpenOptions {
  readonly createIfMissing?: boolean;
  readonly compression?: boolean;
  readonly cacheSize?: number;
  readonly writeBufferSize?: number;
  readonly blockSize?: number;
  readonly maxOpenFiles?: number;
}

export interface GetOptions {
  readonly fillCache?: boolean;
}

export interface IteratorOptions {
  readonly reverse?: boolean;
  readonly values?: boolean;
  readonly fillCache?: boolean;
  readonly highWaterMark?: number;
}

export interface NativeBatch {
  /** Copies both at once. */
  put(key: Buffer, value: Buffer): this;
  del(key: Buffer): this;
  write(options: { readonly sync: boolean }, done: Done): void;
}

/** Skips the checksums of blocks: RocksDB ends the process when it meets one that makes no sense. */
export interface NativeIterator {
  /** Runs on the calling thread. */
  seek(target: Buffer): void;
  next(done: (error?: Error | null, key?: Buffer, value?: Buffer) => void): this;
  end(done: Done): void;
  /** Internal: rows fetched and not handed out yet, as value, key, value, key, last row first. */
  cache: Buffer[] | null;
  /** Internal: whether the native iterator has reached its end. */
  readonly finished: boolean;
}
