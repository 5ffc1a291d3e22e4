import { isCaissonError } from '@caisson/contracts';
import { decodeWriteRequest, OP } from '@caisson/formats';
import { connect as connectTcp, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { connect, type CaissonClient, type ClientOptions } from '../index.js';
import { answers, dies, fails, KvNode, silence, type Answer } from '../testdata/kv-node.js';

const nodes: KvNode[] = [];
const clients: CaissonClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const node of nodes.splice(0)) node.stop();
});

async function nodesThat(...what: Answer[]): Promise<KvNode[]> {
  const started = await Promise.all(what.map((answer) => KvNode.start(answer)));
  nodes.push(...started);
  return started;
}

function clientOf(address: ClientOptions['address'], options: Partial<ClientOptions> = {}): CaissonClient {
  const client = connect({ address, deadlineMs: 10_000, ...options });
  clients.push(client);
  return client;
}

const idsOf = (node: KvNode): string[] =>
  node.seen
    .filter(({ op }) => op === OP.write)
    .map(({ body }) => Buffer.from(decodeWriteRequest(body).requestId!).toString('hex'));

test('a client that knows only a follower finds the leader by what the follower says, and stays there', async () => {
  const [leader] = await nodesThat(answers);
  const [follower] = await nodesThat(fails('NOT_LEADER', { leader: 'n1', address: leader!.address }));
  const client = clientOf(follower!.address);
  for (const value of ['one', 'two', 'three']) expect(await client.put('a', value)).toBe(9n);
  await client.get('a');
  await client.begin();
  expect([follower!.seen.length, leader!.seen.length]).toEqual([1, 5]);
});

test('leadership that moves is followed, with the same request id', async () => {
  const [first, second] = await nodesThat(answers, answers);
  const client = clientOf([first!.address, second!.address]);
  await client.put('a', 'one');
  first!.answer = fails('NOT_LEADER', { address: second!.address });
  await client.put('a', 'two');
  expect(second!.seen.length).toBe(1);
  expect(idsOf(first!)[1]).toBe(idsOf(second!)[0]);
});

test('a write whose leader dies under it is repeated elsewhere, once and with the same request id', async () => {
  const [first, second] = await nodesThat(dies, answers);
  const client = clientOf([first!.address, second!.address]);
  expect(await client.put('a', 'one')).toBe(9n);
  expect(idsOf(first!)).toEqual(idsOf(second!));
});

test('without a request id a write whose leader dies under it has an unknown outcome, and is not repeated', async () => {
  const [first, second] = await nodesThat(dies, answers);
  const client = clientOf([first!.address, second!.address], { requestIds: false });
  await expect(client.put('a', 'one')).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  expect(second!.seen.length).toBe(0);
  expect(await client.put('a', 'two')).toBe(9n);
});

test('a write without an answer has an unknown outcome that names its request id; a read is late', async () => {
  const [mute] = await nodesThat(answers);
  const client = clientOf(mute!.address);
  await client.put('a', 'to be connected');
  mute!.answer = silence;
  const error = await client.put('a', 'one', { deadlineMs: 100 }).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'UNKNOWN_OUTCOME', details: { requestId: idsOf(mute!)[1] } });
  await expect(client.get('a', { deadlineMs: 100 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

test('a write that no node took in time is DEADLINE_EXCEEDED: nothing happened', async () => {
  const [follower] = await nodesThat(answers);
  const refused = clientOf(follower!.address);
  await refused.put('a', 'to be connected');
  follower!.answer = fails('NOT_LEADER');
  // Where the time ends while a question is under way, nobody can know; most of it is spent in pauses.
  const isKnown = (error: unknown) => !isCaissonError(error, 'UNKNOWN_OUTCOME');
  let error: unknown;
  do error = await refused.put('a', 'one', { deadlineMs: 100 }).catch((failure: unknown) => failure);
  while (!isKnown(error));
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', cause: { code: 'NOT_LEADER' } });
  follower!.stop();
  const unreachable = clientOf(follower!.address, { deadlineMs: 200 });
  await expect(unreachable.put('a', 'one')).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    cause: { code: 'UNAVAILABLE', details: { address: follower!.address, sent: false } },
  });
});

test('nodes that name each other as leader are asked a bounded number of times', async () => {
  const [a, b] = await nodesThat(silence, silence);
  a!.answer = fails('NOT_LEADER', { address: b!.address });
  b!.answer = fails('NOT_LEADER', { address: a!.address });
  const client = clientOf(a!.address, { deadlineMs: 1_000 });
  await expect(client.put('a', 'one')).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(a!.seen.length + b!.seen.length).toBeLessThan(120);
  expect(a!.seen.length + b!.seen.length).toBeGreaterThan(8);
});

test('an election is waited for', async () => {
  const [a, b] = await nodesThat(fails('NOT_LEADER'), fails('NOT_LEADER'));
  const client = clientOf([a!.address, b!.address]);
  const write = client.put('a', 'one');
  while (b!.seen.length < 3) await new Promise(setImmediate);
  b!.answer = answers;
  expect(await write).toBe(9n);
});

test('a node that is down is passed over, and used again once it is back', async () => {
  const [first, second] = await nodesThat(answers, answers);
  const client = clientOf([first!.address, second!.address]);
  first!.stop();
  expect(await client.put('a', 'one')).toBe(9n);
  await first!.start();
  second!.answer = fails('NOT_LEADER', { address: first!.address });
  expect(await client.put('a', 'two')).toBe(9n);
  expect(first!.seen.length).toBe(1);
});

test('a client of one node is there again as soon as the node is', async () => {
  const [node] = await nodesThat(answers);
  const client = clientOf(node!.address);
  await client.put('a', 'one');
  node!.stop();
  const write = client.put('a', 'two');
  await expect(client.put('b', 'late', { deadlineMs: 300 })).rejects.toMatchObject({
    code: expect.stringMatching(/DEADLINE_EXCEEDED|UNKNOWN_OUTCOME/),
  });
  await node!.start();
  expect(await write).toBe(9n);
});

describe('with an address that takes connections and says nothing', () => {
  let mute: TcpServer;
  let address: string;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    mute = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    address = `127.0.0.1:${(mute.address() as { port: number }).port}`;
  });
  afterEach(() => {
    mute.close();
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  test('the next one is tried after a while', async () => {
    const [node] = await nodesThat(answers);
    const client = clientOf([address, node!.address], { connectMs: 100 });
    expect(await client.put('a', 'one')).toBe(9n);
    expect(await client.put('a', 'two')).toBe(9n);
  });

  test('giving up and closing end the waiting', async () => {
    const client = clientOf(address);
    const controller = new AbortController();
    const read = client.get('a', { signal: controller.signal });
    controller.abort();
    await expect(read).rejects.toMatchObject({ code: 'CANCELLED' });
    const other = client.get('a');
    setImmediate(() => client.close());
    await expect(other).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

test('a leader that falls silent in the middle of a connection is left for another node', async () => {
  const [silent, next] = await nodesThat(answers, answers);
  const [host, port] = silent!.address.split(':');
  const sockets: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connectTcp(Number(port), host);
    for (const socket of [near, far]) sockets.push(socket.on('error', () => undefined));
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = `127.0.0.1:${(proxy.address() as { port: number }).port}`;
  const client = clientOf([address, next!.address]);
  await client.put('a', 'one');
  for (const socket of sockets) socket.unpipe().pause();
  expect(await client.put('a', 'two')).toBe(9n);
  expect(next!.seen.length).toBe(1);
  for (const socket of sockets) socket.destroy();
  proxy.close();
});

test('reads go to the leader, or round all nodes if so wanted', async () => {
  const [a, b] = await nodesThat(answers, answers);
  const addresses = [a!.address, b!.address];
  const client = clientOf(addresses);
  await client.put('a', 'one');
  for (let read = 0; read < 4; read++) await client.get('a');
  expect([a!.seen.length, b!.seen.length]).toEqual([5, 0]);
  for (let read = 0; read < 4; read++) await client.get('a', { readFrom: 'any' });
  expect([a!.seen.length, b!.seen.length]).toEqual([7, 2]);
  const spreading = clientOf(addresses, { readFrom: 'any' });
  for (let read = 0; read < 4; read++) await spreading.get('a');
  expect([a!.seen.length, b!.seen.length]).toEqual([9, 4]);
});

test('a read says how old it may be, also of a key that is absent', async () => {
  const [node] = await nodesThat(answers);
  const found = await clientOf(node!.address).lookup('a', { consistency: 'stale' });
  expect(found).toEqual({ readTs: 7n, staleMs: 3 });
});

test('a client needs an address', () => {
  expect(() => connect({ address: [] })).toThrow('INVALID_ARGUMENT');
});
