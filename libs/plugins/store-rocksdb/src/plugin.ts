import { CONTRACTS_VERSION, definePlugin, service, UntrustedStores } from '@caisson/contracts';
import { z } from 'zod';
import { RocksdbStores, STORE_DEFAULTS } from './rocksdb-stores.js';

const MEBIBYTE = 1024 * 1024;

const Config = z
  .strictObject({
    cacheBytes: z.int().min(MEBIBYTE).default(STORE_DEFAULTS.cacheBytes),
    writeBufferBytes: z.int().min(MEBIBYTE).default(STORE_DEFAULTS.writeBufferBytes),
    /** Sealed values do not compress. */
    compression: z.boolean().default(STORE_DEFAULTS.compression),
  })
  .prefault({});

/** Ordered stores on disk. */
export const storeRocksdb = definePlugin<z.output<typeof Config>>({
  id: 'store-rocksdb',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: (config) => [service({ provides: UntrustedStores, create: () => new RocksdbStores(config) })],
});
