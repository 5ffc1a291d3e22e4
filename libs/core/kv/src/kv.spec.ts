import { toUtf8 } from '@caisson/base';
import { CaissonError, type Mutation, type ScanRequest } from '@caisson/contracts';
import { MemoryStores } from '@caisson/store-memory';
import { addMs } from '@caisson/mvcc';
import { KV_LIMITS } from './index.js';
import { key, Node } from './testdata/node.js';

const put = (name: string, value = 'v'): Mutation => ({ op: 'put', key: key(name), value: toUtf8(value) });

async function scanAll(node: Node, request: ScanRequest): Promise<string[]> {
  const names: string[] = [];
  let continuation: Uint8Array | undefined;
  do {
    const page = await node.kv.scan({ ...request, ...(continuation && { continuation }) }, {});
    names.push(...page.pairs.map((pair) => new TextDecoder().decode(pair.key)));
    continuation = page.continuation;
  } while (continuation !== undefined);
  return names;
}

test('what was written is read back, with its timestamp, until it is deleted', async () => {
  const node = await Node.open();
  const commitTs = await node.put('a', 'one');
  const { found, readTs } = await node.kv.get({ key: key('a') }, {});
  expect(found).toEqual({ value: toUtf8('one'), commitTs, expireAt: 0n });
  expect(readTs).toBe(commitTs);
  const gone = await node.write({ mutations: [{ op: 'delete', key: key('a') }] });
  expect(gone).toMatchObject({ kind: 'committed', deleted: 1 });
  expect(await node.get('a')).toBeUndefined();
  expect(await node.get('a', commitTs)).toBe('one');
});

test('a value with a TTL is gone at its expiry, without any write', async () => {
  const node = await Node.open();
  await node.put('a', 'one', 1000);
  node.clock.advance(999);
  expect(await node.get('a')).toBe('one');
  node.clock.advance(1);
  expect(await node.get('a')).toBeUndefined();
  expect(await scanAll(node, { from: key('') })).toEqual([]);
});

test('a read sees every write acknowledged before it, however many reads are still looking', async () => {
  const node = await Node.open();
  const looking: Promise<unknown>[] = [];
  for (let at = 0; at < 50; at++) {
    for (let read = 0; read < 5; read++) looking.push(node.get('a'));
    await node.put('a', `value ${at}`);
    for (let read = 0; read < 5; read++) looking.push(node.get('a'));
    expect(await node.get('a')).toBe(`value ${at}`);
  }
  await Promise.all(looking);
});

test('a transaction does not see what expired since the last commit', async () => {
  const node = await Node.open();
  await node.put('a', 'one', 1000);
  node.clock.advance(5000);
  const { startTs } = await node.kv.begin({});
  expect(await node.get('a', startTs)).toBeUndefined();
});

test('a start costs no entry where nothing can have expired', async () => {
  const node = await Node.open();
  const commitTs = await node.put('a', 'one');
  node.clock.advance(5000);
  const entries = node.engine.log.length;
  expect((await node.kv.begin({})).startTs).toBe(commitTs);
  expect(node.engine.log.length).toBe(entries);
});

test('a start is never zero, which some clients cannot tell from absent', async () => {
  const node = await Node.open();
  const { startTs } = await node.kv.begin({});
  expect(startTs).toBeGreaterThan(0n);
});

test('a read at a moment after the last commit is repeatable: later writes land above it', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  node.clock.advance(100);
  const ts = node.groups.get(1).hlc.now();
  expect(await node.get('a', ts)).toBe('one');
  node.clock.step(-50);
  expect(await node.put('a', 'two')).toBeGreaterThan(ts);
  expect(await node.get('a', ts)).toBe('one');
});

test('a read in the future is refused', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  const ts = addMs(node.groups.get(1).hlc.now(), 10);
  await expect(node.get('a', ts)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'ts' },
  });
});

test('pages of a scan show one moment, in both directions', async () => {
  const node = await Node.open();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await node.put(name, name);
  for (const reverse of [false, true]) {
    const request = { from: key('a'), to: key('e'), reverse, limit: 2 };
    const first = await node.kv.scan(request, {});
    await node.put('bb', 'late');
    await node.write({ mutations: [{ op: 'delete', key: key('c') }] });
    const second = await node.kv.scan({ ...request, continuation: first.continuation! }, {});
    const names = [...first.pairs, ...second.pairs].map((pair) => new TextDecoder().decode(pair.key));
    expect(names).toEqual(reverse ? ['d', 'c', 'b', 'a'] : ['a', 'b', 'c', 'd']);
    expect(second.continuation).toBeUndefined();
    await node.put('c', 'c');
    await node.write({ mutations: [{ op: 'delete', key: key('bb') }] });
  }
});

test('pages judge expiry at the moment of the first one', async () => {
  const node = await Node.open();
  await node.put('a', 'a');
  await node.put('b', 'b', 1000);
  const first = await node.kv.scan({ from: key(''), limit: 1 }, {});
  node.clock.advance(2000);
  const second = await node.kv.scan({ from: key(''), limit: 1, continuation: first.continuation! }, {});
  expect(second.pairs.length).toBe(1);
});

test('keys-only pages carry no values', async () => {
  const node = await Node.open();
  await node.put('a', 'a');
  const { pairs } = await node.kv.scan({ from: key(''), keysOnly: true }, {});
  expect(pairs.map((pair) => pair.value)).toEqual([undefined]);
});

test('a long run of deleted keys costs pages, never an empty one in between', async () => {
  const node = await Node.open();
  const names = Array.from({ length: 6000 }, (_, at) => `dead-${String(at).padStart(5, '0')}`);
  await node.write({ mutations: names.map((name) => put(name)) });
  await node.write({ mutations: names.map((name) => ({ op: 'delete', key: key(name) })) });
  await node.put('z', 'alive');
  const page = await node.kv.scan({ from: key('') }, {});
  expect(page.pairs.length).toBe(1);
});

test.each([
  ['garbage', Uint8Array.of(1, 2, 3)],
  ['empty', new Uint8Array(0)],
])('a continuation of %s is an invalid argument', async (_, continuation) => {
  const node = await Node.open();
  await expect(node.kv.scan({ from: key(''), continuation }, {})).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'continuation' },
  });
});

test('a continuation fits only the scan it came from, unaltered', async () => {
  const node = await Node.open();
  await node.put('b', 'b');
  await node.put('c', 'c');
  const { continuation } = await node.kv.scan({ from: key('b'), limit: 1 }, {});
  const refused = { code: 'INVALID_ARGUMENT', details: { field: 'continuation' } };
  const scan = (request: ScanRequest) => node.kv.scan(request, {});
  await expect(scan({ from: key('b'), reverse: true, continuation: continuation! })).rejects.toMatchObject(
    refused,
  );
  await expect(scan({ from: key('c'), continuation: continuation! })).rejects.toMatchObject(refused);
  await expect(scan({ from: key('a'), to: key('b'), continuation: continuation! })).rejects.toMatchObject(
    refused,
  );
  for (let at = 0; at < continuation!.length; at++) {
    const altered = continuation!.slice();
    altered[at]! ^= 1;
    await expect(scan({ from: key('b'), continuation: altered })).rejects.toMatchObject(refused);
  }
});

test('requests outside a limit are refused with the field, the limit and what was seen', async () => {
  const node = await Node.open({
    limits: { ...KV_LIMITS, valueBytesMax: 100, writeBytesMax: 300, writeItemsMax: 4 },
  });
  const long = new Uint8Array(65_537);
  const wide = (bytes: number): Mutation => ({ op: 'put', key: key('a'), value: new Uint8Array(bytes) });
  const refusals: [() => Promise<unknown>, object][] = [
    [() => node.kv.get({ key: long }, {}), { field: 'key', limit: 65_536, bytes: 65_537 }],
    [() => node.kv.get({ key: key('a'), ts: -1n }, {}), { field: 'ts' }],
    [() => node.kv.scan({ from: long }, {}), { field: 'from' }],
    [() => node.kv.scan({ from: key(''), limit: 0 }, {}), { field: 'limit', count: 0 }],
    [
      () => node.kv.scan({ from: key(''), limit: 10_001 }, {}),
      { field: 'limit', limit: 10_000, count: 10_001 },
    ],
    [() => node.write({ mutations: [wide(101)] }), { field: 'mutations[0].value', limit: 100, bytes: 101 }],
    [() => node.write({ mutations: [put('a'), { op: 'delete', key: long }] }), { field: 'mutations[1].key' }],
    [() => node.write({ mutations: Array(5).fill(put('a')) }), { field: 'mutations', limit: 4, count: 5 }],
    [
      () => node.write({ mutations: [], requestId: new Uint8Array(15) }),
      { field: 'requestId', limit: 16, bytes: 15 },
    ],
    [
      () => node.write({ mutations: [{ ...put('a'), ttlMs: 0 } as Mutation] }),
      { field: 'mutations[0].ttlMs' },
    ],
    [
      () => node.write({ mutations: [{ op: 'deletePrefix', prefix: key(''), limit: 10_001 }] }),
      { field: 'mutations[0].limit', limit: 10_000 },
    ],
  ];
  for (const [call, details] of refusals) {
    await expect(call()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details });
  }
  expect(node.engine.log.length).toBe(0);
});

test('the bytes of a whole write have a limit of their own', async () => {
  const node = await Node.open({ limits: { ...KV_LIMITS, valueBytesMax: 50_000, writeBytesMax: 100_000 } });
  const wide = (name: string): Mutation => ({ op: 'put', key: key(name), value: new Uint8Array(50_000) });
  expect(await node.write({ mutations: [wide('a'), wide('b')] })).toMatchObject({ kind: 'committed' });
  await expect(node.write({ mutations: [wide('a'), wide('b'), wide('c')] })).rejects.toMatchObject({
    details: { field: 'mutations', bytes: 150_003 },
  });
});

test('a repeated request id gives the first answer and has no further effect', async () => {
  const node = await Node.open();
  const requestId = new Uint8Array(16).fill(7);
  const first = await node.write({ mutations: [put('a', 'one')], requestId });
  await node.put('a', 'two');
  expect(await node.write({ mutations: [put('a', 'one')], requestId })).toEqual(first);
  expect(await node.get('a')).toBe('two');
  const failing = {
    mutations: [put('a')],
    conditions: [{ key: key('a'), expect: { kind: 'absent' as const } }],
  };
  const failed = await node.write({ ...failing, requestId: new Uint8Array(16).fill(8) });
  await node.write({ mutations: [{ op: 'delete', key: key('a') }] });
  expect(failed.kind).toBe('failed');
  expect(await node.write({ ...failing, requestId: new Uint8Array(16).fill(8) })).toEqual(failed);
});

test('commits are visible and timestamps rise after a restart, also with the clock set back', async () => {
  const stores = new MemoryStores();
  const before = await Node.open({}, stores);
  const commitTs = await before.put('a', 'one');
  stores.crash();
  const after = await Node.open({}, stores, before.clock);
  before.clock.step(-100_000);
  expect(await after.get('a')).toBe('one');
  expect(await after.during(after.put('a', 'two'))).toBeGreaterThan(commitTs);
});

test('an aborted read says why and leaves nothing held', async () => {
  const node = await Node.open();
  await node.put('a', 'one');
  const gone = new AbortController();
  gone.abort(new CaissonError('DEADLINE_EXCEEDED'));
  await expect(node.kv.get({ key: key('a') }, { signal: gone.signal })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  const later = new AbortController();
  node.engine.hold();
  const waiting = node.kv.begin({ signal: later.signal });
  const write = node.put('b', 'two');
  later.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  node.engine.release();
  await write;
});
