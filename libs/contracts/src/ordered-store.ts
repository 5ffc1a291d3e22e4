/**
 * Shapes shared by both sides of the encryption door: `UntrustedStore` (ciphertext) and `Store` (plaintext).
 */

export interface Pair {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Half-open: `from` ≤ key < `to`. Without `to`, up to the last key. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to?: Uint8Array;
}

export interface ScanLimits {
  /** At most so many pairs in one `next`. Default 256. */
  readonly pairs?: number;
  /** A `next` ends once it holds so many bytes; always at least one pair. Default 256 KiB. */
  readonly bytes?: number;
}

/**
 * A position that moves through a range. Not safe for concurrent use: await each `next` before the following.
 */
export interface Cursor {
  /**
   * The following pairs in the view's direction; an empty array once the range is exhausted, then for ever.
   */
  next(limits?: ScanLimits): Promise<readonly Pair[]>;
}

/**
 * The store as it was at one moment, whatever is written meanwhile.
 *
 * Moves in one direction, fixed when it is made. Holds resources until `close`; operations of one view run
 * one after the other. Arrays handed out are the caller's.
 */
export interface ReadView {
  readonly direction: 'forward' | 'reverse';
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /**
   * In a reverse view the cursor starts at the end of the range. Several cursors of one view may take turns.
   */
  scan(range: KeyRange): Cursor;
  /** Harmless when repeated. Pending operations finish first; later ones fail with `STORE_CLOSED`. */
  close(): Promise<void>;
}

/**
 * Writes that become visible together, or not at all.
 *
 * Arrays are copied or encoded when passed in; the caller may reuse them. Later operations on one key win.
 * A batch is spent after `write`, also after a failed one.
 */
export interface StoreBatch {
  put(key: Uint8Array, value: Uint8Array): this;
  delete(key: Uint8Array): this;
  /** Operations so far. */
  readonly size: number;
}

export interface WritableBatch extends StoreBatch {
  /**
   * With `sync` the batch, and every batch written before it, survives power loss once this resolves.
   * Without, a crash may lose a suffix of the batches written since the last synced one, never a part of one.
   *
   * Rejects with `DISK_FULL`, `DISK_READ_ONLY` or `DISK_ERROR`; then nothing is known of this batch and the
   * store refuses further writes.
   */
  write(options: { readonly sync: boolean }): Promise<void>;
}

export interface DeleteRangeProgress {
  /** Keys removed by this call. */
  readonly deleted: number;
  /** Whether keys of the range may be left: call again to go on. */
  readonly more: boolean;
}

/**
 * Ordered bytes. One writer: batches must not be written concurrently; reads may run beside a write.
 */
export interface OrderedStore {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** The state after the last batch whose `write` had resolved, or a later one. */
  view(direction?: 'forward' | 'reverse'): ReadView;
  batch(): WritableBatch;
  /**
   * Removes up to `limit` keys of the range. Not atomic: a crash leaves some removed, and repeating the call
   * finishes the work. Counts as a write for the one-writer rule.
   */
  deleteRange(range: KeyRange, limit: number): Promise<DeleteRangeProgress>;
}
