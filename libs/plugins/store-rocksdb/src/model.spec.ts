import type { Cursor, ReadView, UntrustedStore } from '@caisson/contracts';
import { MemoryStores } from '@caisson/store-memory';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RocksdbStores } from './rocksdb-stores.js';

const edges = [
  [],
  [0],
  [0, 0],
  [0, 1],
  [0, 2],
  [0, 2, 0x21],
  [1],
  [5, 255],
  [6],
  [6, 0x21],
  [6, 0x21, 0x6e],
  [7],
  [255],
];
const key = fc.oneof(
  fc.constantFrom(...edges.map((bytes) => Uint8Array.from(bytes))),
  fc.uint8Array({ minLength: 1, maxLength: 2 }).map((bytes) => bytes.map((byte) => byte % 9)),
);
const range = fc
  .record({ from: key, to: fc.option(key, { nil: undefined }) })
  .map(({ from, to }) => (to ? { from, to } : { from }));
const pick = fc.nat({ max: 7 });

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      operations: fc.array(fc.tuple(key, fc.option(fc.uint8Array({ maxLength: 40 }))), { maxLength: 12 }),
      sync: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('deleteRange' as const),
      range,
      limit: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('view' as const),
      direction: fc.constantFrom('forward' as const, 'reverse' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('viewGet' as const), pick, key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('scan' as const), pick, range }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('next' as const), pick, pairs: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One store with the views and cursors opened on it. */
class Side {
  #views: ReadView[] = [];
  #cursors: Cursor[] = [];
  #store: UntrustedStore;

  constructor(
    store: UntrustedStore,
    private readonly open: () => Promise<UntrustedStore>,
  ) {
    this.#store = store;
  }

  async take(step: Step): Promise<unknown> {
    switch (step.kind) {
      case 'write': {
        const batch = this.#store.batch();
        for (const [key, value] of step.operations) {
          if (value === null) batch.delete(key);
          else batch.put(key, value);
        }
        return batch.write({ sync: step.sync });
      }
      case 'deleteRange':
        return this.#store.deleteRange(step.range, step.limit);
      case 'get':
        return this.#store.get(step.key);
      case 'view':
        return void this.#views.push(this.#store.view(step.direction));
      case 'viewGet':
        return this.#views[step.pick]?.get(step.key);
      case 'scan': {
        const view = this.#views[step.pick % Math.max(1, this.#views.length)];
        return view && void this.#cursors.push(view.scan(step.range));
      }
      case 'next':
        return this.#cursors[step.pick % Math.max(1, this.#cursors.length)]?.next({ pairs: step.pairs });
      case 'compact':
        return this.#store.compact();
      case 'reopen':
        return this.#reopen();
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #reopen(): Promise<void> {
    this.#views = [];
    this.#cursors = [];
    await this.#store.close();
    this.#store = await this.open();
  }
}

test('whatever is done to it, the store reads as one in memory does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caisson-store-model-'));
  let number = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const directory = join(folder, String(number++));
        const [stores, models] = [new RocksdbStores({ writeBufferBytes: 64 * 1024 }), new MemoryStores()];
        const store = new Side(await stores.open(directory), () => stores.open(directory));
        const model = new Side(await models.open(directory), () => models.open(directory));
        try {
          const last: Step[] = [
            { kind: 'view', direction: 'reverse' },
            { kind: 'reopen' },
            { kind: 'view', direction: 'forward' },
            { kind: 'scan', pick: 0, range: { from: new Uint8Array() } },
            { kind: 'next', pick: 0, pairs: 1000 },
          ];
          for (const each of [...steps, ...last])
            expect(await store.take(each)).toEqual(await model.take(each));
        } finally {
          await store.close();
          await model.close();
        }
      }),
      { numRuns: 120 },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
