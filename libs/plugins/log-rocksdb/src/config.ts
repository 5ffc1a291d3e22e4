import { z } from 'zod';

const MIB = 1024 * 1024;

export const Config = z
  .strictObject({
    /** What RocksDB gathers in memory before it writes a table file. */
    writeBufferBytes: z
      .int()
      .min(64 * 1024)
      .max(1024 * MIB)
      .default(16 * MIB),
    /** Entries kept in memory per log, newest first. */
    cacheBytes: z
      .int()
      .min(0)
      .max(4096 * MIB)
      .default(32 * MIB),
    /** Pays off for clear entries only: sealed ones do not compress. */
    compression: z.boolean().default(false),
  })
  .prefault({});

export type LogRocksdbConfig = z.output<typeof Config>;
