import { plaintextSide } from '@caisson/compliance';
import { CaissonError } from '@caisson/contracts';
import { TABLE, tableRange } from '@caisson/formats';
import { timestampOfMs } from '@caisson/mvcc';
import { MemoryStores } from '@caisson/store-memory';
import { key } from './testdata/node.js';
import { Replica, SharedLog } from './testdata/shared-log.js';

const put = (name: string, value: string, ttlMs?: number) => ({
  op: 'put' as const,
  key: key(name),
  value: key(value),
  ...(ttlMs !== undefined && { ttlMs }),
});

async function pair() {
  const log = new SharedLog();
  const [leader, follower] = [await Replica.open(log), await Replica.open(log)];
  log.lead(leader);
  return { log, leader, follower };
}

async function write(replica: Replica, ...mutations: ReturnType<typeof put>[]): Promise<bigint> {
  const outcome = await replica.kv.write({ mutations }, {});
  return outcome.kind === 'committed' ? outcome.commitTs : 0n;
}

async function read(replica: Replica, name: string, ts?: bigint): Promise<string | undefined> {
  const { found } = await replica.kv.get({ key: key(name), ...(ts !== undefined && { ts }) }, {});
  return found && new TextDecoder().decode(found.value);
}

async function versionsIn({ store }: Replica): Promise<number> {
  const view = store.view();
  const pairs = await view.scan(tableRange(TABLE.versions)).next();
  await view.close();
  return pairs.length;
}

/** What a snapshot of the replica would leave behind. */
async function copyOf({ store }: Replica): Promise<MemoryStores> {
  const stores = new MemoryStores();
  const raw = await stores.open('group');
  const copy = plaintextSide(raw);
  const batch = copy.batch();
  const view = store.view();
  const cursor = view.scan({ from: new Uint8Array(0), to: Uint8Array.of(0xff) });
  for (let pairs = await cursor.next(); pairs.length > 0; pairs = await cursor.next()) {
    for (const pair of pairs) batch.put(pair.key, pair.value);
  }
  await view.close();
  await batch.write({ sync: true });
  await raw.close();
  return stores;
}

test('a follower serves what was acknowledged before, at the last commit and at moments before it', async () => {
  const { log, leader, follower } = await pair();
  const first = await write(leader, put('a', 'one'));
  const second = await write(leader, put('a', 'two'));
  const entries = log.entries.length;
  expect(await read(follower, 'a')).toBe('two');
  expect(await read(follower, 'a', first)).toBe('one');
  expect(await follower.kv.begin({})).toEqual({ startTs: second });
  const { pairs } = await follower.kv.scan({ from: key('') }, {});
  expect(pairs.length).toBe(1);
  expect(log.entries.length).toBe(entries);
});

test('what needs an entry is the leader’s to answer: starts where values expired, moments without a commit', async () => {
  const { leader, follower } = await pair();
  const elsewhere = { code: 'NOT_LEADER' };
  await expect(follower.kv.begin({})).rejects.toMatchObject(elsewhere);
  await write(leader, put('a', 'one', 1000));
  for (const { clock } of [leader, follower]) clock.advance(2000);
  await expect(follower.kv.begin({})).rejects.toMatchObject(elsewhere);
  const now = timestampOfMs(leader.clock.nowMs());
  follower.clock.step(-60_000);
  await expect(read(follower, 'a', now)).rejects.toMatchObject(elsewhere);
  expect(await read(leader, 'a', now)).toBeUndefined();
  expect(await read(follower, 'a', now)).toBeUndefined();
  const { startTs } = await leader.kv.begin({});
  expect(await read(follower, 'a', startTs)).toBeUndefined();
});

test('a stale scan goes on at a node that is further behind, at the same moment', async () => {
  const { leader, follower } = await pair();
  await write(leader, put('a', '1'), put('b', '2'));
  const stale = { from: key(''), limit: 1, consistency: 'stale' as const };
  const { continuation } = await leader.kv.scan(stale, {});
  follower.readBarrier = async (consistency?: unknown) => {
    if (consistency === 'linearizable') await follower.catchUp();
    return { position: follower.applied, staleMs: 700 };
  };
  const page = await follower.kv.scan({ ...stale, continuation: continuation! }, {});
  expect(page).toMatchObject({ pairs: [{ key: key('b') }], staleMs: 700 });
});

test('a store that is closed under a read makes it UNAVAILABLE, which may be repeated', async () => {
  const { follower } = await pair();
  const closed = new CaissonError('STORE_CLOSED');
  follower.readBarrier = () => Promise.reject(closed);
  const refused = { code: 'UNAVAILABLE', details: { group: 1 }, cause: closed };
  await expect(follower.kv.get({ key: key('a') }, {})).rejects.toMatchObject(refused);
  await expect(follower.kv.scan({ from: key('a') }, {})).rejects.toMatchObject(refused);
  await expect(follower.kv.begin({})).rejects.toMatchObject(refused);
});

test('a replica whose store was replaced goes on from what that holds: rows, answers, clock and ceiling', async () => {
  const { log, leader, follower } = await pair();
  const requestId = new Uint8Array(16).fill(7);
  await leader.kv.write({ mutations: [put('gone', 'x')], requestId }, {});
  await follower.catchUp();
  await write(leader, put('a', 'one'));
  const lastCommitTs = await write(leader, put('gone', 'again'));
  await follower.replaceStore(await copyOf(leader), leader.applied);
  expect(await read(follower, 'a')).toBe('one');
  expect(follower.shared.get(1).ceiling).toBe(leader.shared.get(1).ceiling);
  expect(follower.shared.get(1).hlc.last).toBeGreaterThanOrEqual(lastCommitTs);
  log.lead(follower);
  const next = follower.kv.write({ mutations: [put('b', 'two')] }, {});
  for (let round = 0; round < 400; round++) {
    follower.clock.advance(10);
    await follower.clock.turn();
  }
  expect(await next).toMatchObject({ kind: 'committed' });
  const again = await follower.kv.write({ mutations: [put('gone', 'x')], requestId }, {});
  expect(again).toMatchObject({ kind: 'committed' });
  expect(await read(follower, 'gone')).toBe('again');
});

test('answers and versions remembered for the store before do not outlive it', async () => {
  const { follower, log } = await pair();
  log.lead(follower);
  const requestId = new Uint8Array(16).fill(7);
  await follower.kv.write({ mutations: [put('a', 'one')], requestId }, {});
  log.entries.length = 0;
  await follower.replaceStore(new MemoryStores());
  const again = await follower.kv.write({ mutations: [put('a', 'one')], requestId }, {});
  expect(again).toMatchObject({ kind: 'committed' });
  expect(await read(follower, 'a')).toBe('one');
});

test('only the leader raises the retention floor, and every replica compacts below it by itself', async () => {
  const { log, leader, follower } = await pair();
  const old = await write(leader, put('a', 'one'));
  await write(leader, put('a', 'two'));
  for (const { clock } of [leader, follower]) clock.advance(7_200_000);
  await follower.catchUp();
  const entries = log.entries.length;
  await follower.kv.compact();
  expect(log.entries.length).toBe(entries);
  expect(await read(follower, 'a', old)).toBe('one');
  await leader.kv.compact();
  await expect(read(follower, 'a', old)).rejects.toMatchObject({ code: 'READ_TS_COMPACTED' });
  expect(await versionsIn(follower)).toBe(2);
  await follower.kv.compact();
  expect(await versionsIn(follower)).toBe(1);
  expect(await read(follower, 'a')).toBe('two');
});
