import { createDeferred } from '@caisson/base';
import { ManualClock } from '@caisson/compliance';
import { CaissonError, type Proposed, type ReplicatedGroup } from '@caisson/contracts';
import { type CommandOutcome, decodeCommand, decodeCommands, encodeCommandResults } from '@caisson/formats';
import { HybridClock } from '@caisson/mvcc';
import { KvGroups } from '../index.js';
import { key, Node } from '../testdata/node.js';
import { CommandQueue, GATHER_LIMITS, type GatherLimits } from './command-queue.js';

const intent = (name: string) => ({
  kind: 'write' as const,
  request: { mutations: [{ op: 'put' as const, key: key(name), value: key(name) }] },
});

function commitsOf(payload: Uint8Array): bigint[] {
  return decodeCommands(payload).map((bytes) => decodeCommand(bytes).commitTs);
}

const committed = (payload: Uint8Array): CommandOutcome[] =>
  commitsOf(payload).map((commitTs) => ({ kind: 'committed', commitTs, deleted: 0, more: false }));

/** A queue over a group that answers by `answer`. */
function queueOver(
  answer: (payload: Uint8Array) => readonly CommandOutcome[],
  limits: Partial<GatherLimits> = {},
) {
  const clock = new ManualClock();
  const payloads: Uint8Array[] = [];
  const group = {
    propose: async (payload: Uint8Array): Promise<Proposed> => {
      payloads.push(payload);
      return {
        position: payloads.length,
        outcome: { kind: 'applied', result: encodeCommandResults(answer(payload)) },
      };
    },
  } as unknown as ReplicatedGroup;
  const hlc = new HybridClock({ nowMs: () => clock.nowMs(), above: 0n });
  const queue = new CommandQueue({
    group,
    hlc,
    ceiling: { ready: () => undefined },
    clock,
    limits: { ...GATHER_LIMITS, ...limits },
  });
  return { clock, payloads, queue };
}

test('writes of one turn share a payload, in the order of their calls and timestamps', async () => {
  const node = await Node.open();
  const names = Array.from({ length: 20 }, (_, at) => `k${at}`);
  const commits = await Promise.all(names.map((name) => node.put(name, name)));
  expect(node.engine.commands.length).toBe(1);
  expect(commitsOf(node.engine.commands[0]!)).toEqual(commits);
  expect([...commits].sort()).toEqual(commits);
  for (const name of names) expect(await node.get(name)).toBe(name);
});

test('payloads end at the limits of commands and bytes, and one command always fits', async () => {
  const { payloads, queue } = queueOver(committed, { commandsMax: 3, bytesMax: 100 });
  const sizes = [1, 1, 1, 1, 99, 1, 500, 1];
  await Promise.all(sizes.map((bytes) => queue.submit(intent('a'), bytes)));
  expect(payloads.map((payload) => commitsOf(payload).length)).toEqual([3, 2, 1, 1, 1]);
  const order = payloads.flatMap(commitsOf);
  expect([...order].sort()).toEqual(order);
});

test('one command that is refused does not disturb its neighbours', async () => {
  const node = await Node.open();
  const { startTs } = await node.kv.begin({});
  await node.put('a', 'one');
  const mutations = [{ op: 'put' as const, key: key('b'), value: key('b') }];
  const future = { mutations, startTs: startTs + (1n << 40n) };
  const results = await Promise.allSettled([node.put('c', 'c'), node.write(future), node.put('d', 'd')]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: 'INVALID_ARGUMENT', details: { field: 'startTs' } } });
  expect(await node.get('b')).toBeUndefined();
  expect(await node.get('d')).toBe('d');
});

test('a command behind the last commit is repeated with a fresh timestamp', async () => {
  let refusals = 3;
  const { clock, payloads, queue } = queueOver((payload) => {
    if (refusals-- > 0) return [{ kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: 1n }];
    return committed(payload);
  });
  const done = queue.submit(intent('a'), 1);
  for (let turn = 0; turn < 5; turn++) {
    await clock.turn();
    await clock.turn();
    clock.advance(100);
  }
  expect(await done).toMatchObject({ kind: 'committed' });
  expect(payloads.length).toBe(4);
  expect(new Set(payloads.flatMap(commitsOf)).size).toBe(4);
});

test('repeating ends, with the refusal as the error', async () => {
  const { clock, payloads, queue } = queueOver(() => [
    { kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: 1n },
  ]);
  const done = queue.submit(intent('a'), 1).catch((error: unknown) => error);
  for (let turn = 0; turn < 30; turn++) {
    await clock.turn();
    await clock.turn();
    clock.advance(100);
  }
  expect(await done).toMatchObject({ code: 'TIMESTAMP_BEHIND' });
  expect(payloads.length).toBe(10);
  expect(clock.waiting).toBe(0);
});

test('an entry refused at the cutover is repeated; any other refusal reaches every caller', async () => {
  const node = await Node.open();
  node.engine.refusals.push(new CaissonError('ENVELOPE_CUTOVER_IN_PROGRESS'));
  await Promise.all([node.put('a', 'one'), node.put('b', 'two')]);
  expect(await node.get('b')).toBe('two');
  node.engine.refusals.push(new CaissonError('STATE_STALE'));
  const results = await Promise.allSettled([node.put('a', 'one'), node.put('b', 'two')]);
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'STATE_STALE' } });
});

test('a group that takes no proposals says so to every caller', async () => {
  const node = await Node.open();
  node.engine.leading.here = false;
  const results = await Promise.allSettled([node.put('a', 'one'), node.put('b', 'two')]);
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'NOT_LEADER' } });
});

test('a write aborted before its turn never happens; one aborted later may', async () => {
  const node = await Node.open();
  const early = new AbortController();
  const mutations = [{ op: 'put' as const, key: key('a'), value: key('a') }];
  const withdrawn = node.kv.write({ mutations }, { signal: early.signal });
  early.abort();
  await expect(withdrawn).rejects.toMatchObject({ code: 'CANCELLED' });
  await node.put('b', 'b');
  expect(await node.get('a')).toBeUndefined();

  const late = new AbortController();
  node.engine.hold();
  const proposed = node.kv.write({ mutations }, { signal: late.signal });
  await node.clock.turn();
  await node.clock.turn();
  late.abort();
  await expect(proposed).rejects.toMatchObject({ code: 'CANCELLED' });
  node.engine.release();
  expect(await node.get('a')).toBe('a');
});

test('commands wait for timestamps, as many as the limits allow, and hear why none came', async () => {
  const clock = new ManualClock();
  const group = { propose: () => createDeferred<Proposed>().promise } as unknown as ReplicatedGroup;
  const hlc = new HybridClock({ nowMs: () => clock.nowMs(), above: 0n });
  const closed = createDeferred<void>();
  const ceiling = { ready: () => closed.promise };
  const limits = { ...GATHER_LIMITS, waitingMax: 3, waitingBytesMax: 100 };
  const queue = new CommandQueue({ group, hlc, ceiling, clock, limits });
  const waiting = [1, 1].map((bytes) => queue.submit(intent('a'), bytes));
  expect(() => void queue.submit(intent('a'), 99)).toThrow('TOO_MANY_REQUESTS');
  waiting.push(queue.submit(intent('a'), 1));
  expect(() => void queue.submit(intent('a'), 1)).toThrow('TOO_MANY_REQUESTS');
  closed.reject(new CaissonError('CLOCK_CEILING'));
  for (const one of await Promise.allSettled(waiting)) {
    expect(one).toMatchObject({ reason: { code: 'CLOCK_CEILING' } });
  }
});

test('a clock that may not go on fails the writes that needed it, after some attempts', async () => {
  const clock = new ManualClock();
  const group = { propose: () => createDeferred<Proposed>().promise } as unknown as ReplicatedGroup;
  const hlc = new HybridClock({ nowMs: () => clock.nowMs(), above: 0n, ceiling: () => 1n });
  const queue = new CommandQueue({ group, hlc, ceiling: { ready: () => undefined }, clock });
  const done = queue.submit(intent('a'), 1).catch((error: unknown) => error);
  for (let turn = 0; turn < 30; turn++) {
    await clock.turn();
    clock.advance(100);
  }
  expect(await done).toMatchObject({ code: 'CLOCK_CEILING' });
});

test('a group without an open applier and a shifted result list are bugs (KV-1, KV-2)', async () => {
  expect(() => new KvGroups({ clock: new ManualClock() }).get(1)).toThrow('KV-1');
  const { queue } = queueOver((payload) => [...committed(payload), ...committed(payload)]);
  await expect(queue.submit(intent('a'), 1)).rejects.toThrow('KV-2');
});
