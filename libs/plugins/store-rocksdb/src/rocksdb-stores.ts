import type { StoreCapabilities, StoreOpening, UntrustedStore, UntrustedStores } from '@caisson/contracts';
import { diskFault, syncEntries } from '@caisson/disk';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { openStore } from './open-store.js';
import { RocksdbStore } from './rocksdb-store.js';

export interface RocksdbStoresOptions {
  /** Cache of uncompressed blocks, of each store. */
  readonly cacheBytes?: number;
  /** What is gathered in memory before it becomes a table file. */
  readonly writeBufferBytes?: number;
  /** Snappy in table files. Sealed values do not compress; off by default. */
  readonly compression?: boolean;
}

export const STORE_DEFAULTS = {
  cacheBytes: 64 * 1024 * 1024,
  writeBufferBytes: 16 * 1024 * 1024,
  compression: false,
} as const;

/**
 * What is gathered at least while a store is filled. Each table file overlaps all that come after it, because
 * it has markers at its end: the fewer there are, the less is merged again and again.
 */
const FILL_BUFFER_BYTES = 64 * 1024 * 1024;

/** Opens stores in directories, each a RocksDB of its own. */
export class RocksdbStores implements UntrustedStores {
  readonly capabilities: StoreCapabilities = { durable: true, syncedWrites: true, detectsDamage: true };
  readonly #options: Required<RocksdbStoresOptions>;

  constructor(options: RocksdbStoresOptions = {}) {
    this.#options = { ...STORE_DEFAULTS, ...options };
  }

  async open(
    directory: string,
    signal?: AbortSignal,
    { fills = false, isFresh = false }: StoreOpening = {},
  ): Promise<UntrustedStore> {
    signal?.throwIfAborted();
    const { cacheBytes, writeBufferBytes, compression } = this.#options;
    const writeBufferSize = fills ? Math.max(writeBufferBytes, FILL_BUFFER_BYTES) : writeBufferBytes;
    const options = { cacheSize: cacheBytes, writeBufferSize, compression };
    return new RocksdbStore(await openStore(directory, { ...options, isFresh }, signal));
  }

  async exists(directory: string): Promise<boolean> {
    return existsSync(directory);
  }

  async move(from: string, to: string): Promise<void> {
    onDisk('rename', to, () => {
      renameSync(from, to);
      syncEntries(dirname(to));
    });
  }

  async remove(directory: string): Promise<void> {
    if (!existsSync(directory)) return;
    onDisk('remove', directory, () => {
      rmSync(directory, { recursive: true });
      syncEntries(dirname(directory));
    });
  }
}

function onDisk(operation: string, path: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    throw diskFault(error, { operation, path });
  }
}
