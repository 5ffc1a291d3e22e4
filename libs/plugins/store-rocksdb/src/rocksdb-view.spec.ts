import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pair, ReadView, UntrustedStore } from '@caisson/contracts';
import { Gate } from './gate.js';
import { RocksdbStores } from './rocksdb-stores.js';
import { RocksdbView, type ViewParts } from './rocksdb-view.js';

/** An iterator as the binding has it after a seek that the disk failed: at the end, without an error. */
const lost = {
  cache: null,
  finished: true,
  seek: () => undefined,
  next(done: (error: null) => void) {
    setImmediate(done, null);
    return lost;
  },
  end: (done: () => void) => setImmediate(done),
} as unknown as ViewParts['iterator'];

function lostView(direction: 'forward' | 'reverse'): ReadView {
  return new RocksdbView({
    iterator: lost,
    direction,
    gate: new Gate(),
    path: 'db',
    onClosed: () => undefined,
  });
}

const textOf = (pairs: readonly Pair[]) =>
  Buffer.concat(pairs.flatMap(({ key, value }) => [key, value])).toString('hex');

const row = Buffer.from([2, 0x61]);
const failed = { code: 'DISK_ERROR', details: { operation: 'read', errno: 'EIO' } };

test.each(['forward', 'reverse'] as const)(
  'a %s read that ends before the end is no absence',
  async (direction) => {
    const view = lostView(direction);
    await expect(view.get(row)).rejects.toMatchObject(failed);
    await expect(view.scan({ from: row }).next()).rejects.toMatchObject(failed);
    await view.close();
  },
);

test('beyond the rows of the store itself, on either side, an end is an end', async () => {
  const [up, down] = [lostView('forward'), lostView('reverse')];
  expect(await up.get(Buffer.from([7]))).toBeUndefined();
  expect(await up.scan({ from: Buffer.from([7]) }).next()).toEqual([]);
  expect(await down.get(new Uint8Array())).toBeUndefined();
  expect(await down.scan({ from: new Uint8Array(), to: new Uint8Array(1) }).next()).toEqual([]);
});

test('an empty store has its ends from the start', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'caisson-store-ends-'));
  const store = await new RocksdbStores().open(directory);
  try {
    for (const view of [store.view('forward'), store.view('reverse')]) {
      for (const key of [new Uint8Array(), row, Buffer.from([255])]) {
        expect(await view.get(key)).toBeUndefined();
        expect(await view.scan({ from: key }).next()).toEqual([]);
      }
    }
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
});

test.each(['forward', 'reverse'] as const)(
  'a %s scan goes on whatever was done to the keys it gave',
  async (direction) => {
    const directory = await mkdtemp(join(tmpdir(), 'caisson-store-keys-'));
    const store = await new RocksdbStores().open(directory);
    try {
      const batch = store.batch();
      for (let at = 1; at < 6; at++) batch.put(Uint8Array.of(2, at), Uint8Array.of(at));
      await batch.write({ sync: false });
      const view = store.view(direction);
      const cursor = view.scan({ from: new Uint8Array() });
      const seen: number[] = [];
      for (;;) {
        const [pair] = await cursor.next({ pairs: 1 });
        if (!pair) break;
        seen.push(pair.value[0]!);
        pair.key.fill(direction === 'forward' ? 0 : 255);
        await view.get(Uint8Array.of(2, 3));
      }
      expect(seen).toEqual(direction === 'forward' ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1]);
    } finally {
      await store.close();
      await rm(directory, { recursive: true });
    }
  },
);

test('a store opened to be filled, and a view that sweeps, hold and read what others do', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'caisson-store-sweep-'));
  const stores = new RocksdbStores();
  let store: UntrustedStore | undefined;
  try {
    const filled = await stores.open(directory, undefined, { fills: true });
    for (let at = 0; at < 60; at++) {
      const value = new Uint8Array(40_000).fill(at);
      await filled.batch().put(Uint8Array.of(2, at), value).write({ sync: false });
    }
    await filled.close();
    store = await stores.open(directory);
    const [sweep, other] = [store.view('forward', { sweeps: true }), store.view()];
    const [ours, theirs] = [sweep, other].map((view) => view.scan({ from: Uint8Array.of(2) }));
    for (let rows = 0; ; ) {
      const page = await ours!.next({ bytes: 100_000 });
      expect(textOf(await theirs!.next({ bytes: 100_000 }))).toBe(textOf(page));
      rows += page.length;
      if (page.length === 0) return expect(rows).toBe(60);
      expect((await sweep.get(Uint8Array.of(2, 7)))?.every((byte) => byte === 7)).toBe(true);
    }
  } finally {
    await store?.close();
    await rm(directory, { recursive: true });
  }
});
