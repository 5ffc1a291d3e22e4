import { RocksdbStores } from '@caisson/store-rocksdb';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import RocksDb from 'rocksdb';
import { interleave, type Bench, type BenchOptions, type Comparison } from '../measure.js';
import { inWorkspace } from '../processes/workspace.js';

const BATCH_SIZES = [1, 16, 128];
const BATCHES_PER_RUN = 400;
const VALUE_BYTES = 256;
const AT_LEAST = 0.85;

interface Target {
  put(pairs: readonly (readonly [Buffer, Buffer])[]): Promise<void>;
  close(): Promise<void>;
}

/** Synced batches of puts through our store, against the binding alone with the same options. */
export const store: Bench = {
  id: 'store',
  compares: 'synced batches through our store, against the bare RocksDB binding',
  run: (options) =>
    inWorkspace(options.folder, async (folder) => {
      const ours = await openOurs(join(folder, 'ours'));
      const theirs = await openBare(join(folder, 'bare'));
      try {
        const comparisons: Comparison[] = [];
        for (const size of BATCH_SIZES) comparisons.push(await compare(size, { ours, theirs }, options));
        return comparisons;
      } finally {
        await ours.close();
        await theirs.close();
      }
    }),
};

async function compare(
  size: number,
  { ours, theirs }: { ours: Target; theirs: Target },
  { scale, pairs }: BenchOptions,
): Promise<Comparison> {
  const batches = Math.max(2, Math.floor(BATCHES_PER_RUN * scale));
  const value = randomBytes(VALUE_BYTES);
  const run = async (target: Target) => {
    const start = performance.now();
    for (let batch = 0; batch < batches; batch++) {
      const keys = Array.from({ length: size }, (_, at) => Buffer.from(`\x02key/${batch * size + at}`));
      await target.put(keys.map((key) => [key, value] as const));
    }
    return (batches * size * 1000) / (performance.now() - start);
  };
  const samples = await interleave(
    pairs,
    () => run(ours),
    () => run(theirs),
  );
  return { name: `batches of ${size}`, unit: 'puts/s', samples, budget: { atLeast: AT_LEAST } };
}

async function openOurs(directory: string): Promise<Target> {
  const opened = await new RocksdbStores().open(directory);
  return {
    put: async (pairs) => {
      const batch = opened.batch();
      for (const [key, value] of pairs) batch.put(key, value);
      await batch.write({ sync: true });
    },
    close: () => opened.close(),
  };
}

async function openBare(directory: string): Promise<Target> {
  const database = new RocksDb(directory);
  const settled = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  const options = { cacheSize: 64 * 1024 * 1024, writeBufferSize: 16 * 1024 * 1024, compression: false };
  await settled((done) => database.open(options, done));
  return {
    put: (pairs) => {
      const batch = database.batch();
      for (const [key, value] of pairs) batch.put(key, value);
      return settled((done) => batch.write({ sync: true }, done));
    },
    close: () => settled((done) => database.close(done)),
  };
}
