import { readGroupRows } from '@caisson/mvcc';
import { TABLE, tableRange } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { key, Node } from '../testdata/node.js';

const HOUR = 3_600_000;
const retention = { retentionMs: HOUR, intervalMs: HOUR / 6 };

async function versionsIn(node: Node): Promise<number> {
  const view = node.engine.store.view();
  const cursor = view.scan(tableRange(TABLE.versions));
  let count = 0;
  for (let pairs = await cursor.next(); pairs.length > 0; pairs = await cursor.next()) count += pairs.length;
  await view.close();
  return count;
}

async function floorOf(node: Node): Promise<bigint> {
  const view = node.engine.store.view();
  const { floor } = await readGroupRows(view);
  await view.close();
  return floor;
}

/** Lets alarms ring and what they started settle. */
async function pass(node: Node, ms: number): Promise<void> {
  node.clock.advance(ms);
  for (let turn = 0; turn < 400; turn++) await node.clock.turn();
}

test('history reaches back as far as configured, and no further once compacted', async () => {
  const node = await Node.open({ retention });
  const old = await node.put('a', 'one');
  node.clock.advance(1000);
  const newer = await node.put('a', 'two');
  await node.put('b', 'kept');
  await node.kv.compact();
  expect(await node.get('a', old)).toBe('one');
  node.clock.advance(HOUR + 1000);
  await node.kv.compact();
  await expect(node.get('a', old)).rejects.toMatchObject({ code: 'READ_TS_COMPACTED' });
  await expect(node.get('a', newer)).rejects.toMatchObject({ code: 'READ_TS_COMPACTED' });
  expect(await node.get('a')).toBe('two');
  expect(await node.get('b')).toBe('kept');
  expect(await versionsIn(node)).toBe(2);
});

test('tombstones, expired values and request results go once they lie below the floor', async () => {
  const node = await Node.open({ retention });
  await node.put('a', 'one');
  await node.write({ mutations: [{ op: 'delete', key: key('a') }], requestId: new Uint8Array(16) });
  await node.put('b', 'brief', 1000);
  node.clock.advance(2 * HOUR);
  await node.kv.compact();
  expect(await versionsIn(node)).toBe(0);
  const again = {
    mutations: [{ op: 'put' as const, key: key('a'), value: key('x') }],
    requestId: new Uint8Array(16),
  };
  expect(await node.write(again)).toMatchObject({ kind: 'committed', deleted: 0 });
});

test('the floor does not pass a read in progress', async () => {
  const node = await Node.open({ retention });
  const old = await node.put('a', 'one');
  node.clock.advance(1000);
  await node.put('a', 'two');
  node.clock.advance(2 * HOUR);
  node.engine.hold();
  const blocked = node.put('c', 'three');
  await node.clock.turn();
  const reading = node.get('a', old);
  const round = node.kv.compact();
  node.engine.release();
  expect(await reading).toBe('one');
  await Promise.all([blocked, round]);
  expect(await floorOf(node)).toBe(old);
  await node.kv.compact();
  expect(await floorOf(node)).toBeGreaterThan(old);
});

test('a transaction that started below the floor has to start again', async () => {
  const node = await Node.open({ retention });
  await node.put('a', 'one');
  const { startTs } = await node.kv.begin({});
  node.clock.advance(2 * HOUR);
  await node.kv.compact();
  const mutations = [{ op: 'put' as const, key: key('a'), value: key('two') }];
  await expect(node.write({ mutations, startTs })).rejects.toMatchObject({ code: 'RESULT_EXPIRED' });
});

test('rounds come by themselves, and an idle group stops writing floors', async () => {
  const node = await Node.open({ retention });
  node.kv.start();
  await node.put('a', 'one');
  await node.put('a', 'two');
  await pass(node, 60_000);
  for (let round = 0; round < 8; round++) await pass(node, HOUR / 6);
  expect(await versionsIn(node)).toBe(1);
  for (let round = 0; round < 8; round++) await pass(node, HOUR / 6);
  const entries = node.engine.log.length;
  for (let round = 0; round < 20; round++) await pass(node, HOUR / 6);
  expect(node.engine.log.length).toBe(entries);
  await node.kv.stop();
  expect(node.clock.waiting).toBe(0);
  expect(node.warnings).toEqual([]);
});

test('a follower proposes no floor and compacts below the one it has', async () => {
  const node = await Node.open({ retention });
  await node.put('a', 'one');
  await node.put('a', 'two');
  node.engine.leading.here = false;
  node.clock.advance(2 * HOUR);
  await node.kv.compact();
  expect(await floorOf(node)).toBe(0n);
  expect(await versionsIn(node)).toBe(2);
});

test('a compaction cut off by a crash goes on where its cursor stands', async () => {
  const stores = new MemoryStores();
  const node = await Node.open({ retention }, stores);
  const names = Array.from({ length: 900 }, (_, at) => `k${at}`);
  for (const value of ['one', 'two']) await Promise.all(names.map((name) => node.put(name, value)));
  node.clock.advance(2 * HOUR);
  const stop = new AbortController();
  const maintain = node.engine.maintain.bind(node.engine);
  node.engine.maintain = (slice) => {
    return maintain(async (batch) => {
      const progress = await slice(batch);
      stop.abort();
      return progress;
    }, stop.signal);
  };
  await node.kv.compact();
  const half = await versionsIn(node);
  expect(half).toBeGreaterThan(900);
  expect(half).toBeLessThan(1800);
  await node.put('z', 'synced');
  stores.crash();
  const after = await Node.open({ retention }, stores, node.clock);
  expect(await versionsIn(after)).toBe(half + 1);
  await after.kv.compact();
  expect(await versionsIn(after)).toBe(901);
  expect(await after.get('k899')).toBe('two');
});

test('a failing round is logged and tried again', async () => {
  const node = await Node.open({ retention });
  await node.put('a', 'one');
  node.kv.start();
  const maintain = node.engine.maintain;
  node.engine.maintain = () => Promise.reject(new Error('no disk today'));
  await pass(node, 60_000);
  expect(node.warnings.length).toBe(1);
  node.engine.maintain = maintain;
  await pass(node, HOUR / 6);
  expect(node.warnings.length).toBe(1);
  await node.kv.stop();
});
