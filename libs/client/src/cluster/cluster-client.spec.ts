import type { proto } from '@caisson/formats';
import { ClusterClient, type ClusterProgress } from '../index.js';
import { dies, fails, hangs, ScriptedNode, succeeds } from '../testdata/scripted-node.js';

const nodes: ScriptedNode[] = [];
const clients: ClusterClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const node of nodes.splice(0)) node.stop();
});

async function start(): Promise<ScriptedNode> {
  const node = await new ScriptedNode().start();
  nodes.push(node);
  return node;
}

function connectTo(...addresses: string[]) {
  const detours: string[] = [];
  const onDetour = ({ code }: { code: string }, next: string) => void detours.push(`${code} ${next}`);
  const client = new ClusterClient({ addresses, deadlineMs: 20_000, onDetour });
  clients.push(client);
  return { client, detours };
}

async function stepsOf(order: AsyncIterable<ClusterProgress>): Promise<readonly string[]> {
  const steps: string[] = [];
  for await (const { step } of order) steps.push(step);
  return steps;
}

function group(id: number, leader: ScriptedNode, byName: Record<string, ScriptedNode>): proto.GroupStatus {
  const name = Object.keys(byName).find((candidate) => byName[candidate] === leader)!;
  const members = Object.entries(byName).map(([member, { address }]) => ({
    name: member,
    learner: false,
    address: 'p:1',
    clientAddress: address,
    progress: undefined,
  }));
  const counts = { applied: 40n, durable: 41n, leadership: 2n, refused: 0n };
  return { id: BigInt(id), ...counts, leads: false, leader: name, members, halted: '' };
}

const CANDIDATE = { name: 'n4', address: 'p:4', clientAddress: 'c:4' };

test('an order follows the leader that a refusal names, beyond the addresses it was given', async () => {
  const [follower, leader] = [await start(), await start()];
  follower.script = [fails('NOT_LEADER', { group: 1, leader: 'n2', address: leader.address })];
  const { client, detours } = connectTo(follower.address);
  expect(await stepsOf(client.add(CANDIDATE))).toEqual(['asking', 'done']);
  expect(leader.orders).toMatchObject([['add', { node: { ...CANDIDATE, learner: false } }]]);
  expect(detours).toEqual([`NOT_LEADER ${leader.address}`]);
});

test('an order whose node is lost half way is given again to another one', async () => {
  const [first, second] = [await start(), await start()];
  first.script = [dies];
  const { client } = connectTo(first.address, second.address);
  expect(await stepsOf(client.remove('n9'))).toEqual(['adding', 'asking', 'done']);
  expect(second.orders).toEqual([['remove', { name: 'n9' }]]);
});

test('a node without an answer, a draining one and an unknown leader are passed over', async () => {
  const [draining, leaderless, good] = [await start(), await start(), await start()];
  draining.script = [fails('DRAINING')];
  leaderless.script = [fails('NOT_LEADER', { group: 1 })];
  const gone = await start();
  gone.stop();
  const { client } = connectTo(gone.address, draining.address, leaderless.address, good.address);
  expect(await stepsOf(client.promote('n4'))).toEqual(['asking', 'done']);
});

test('a refusal that will not pass ends the order at once', async () => {
  const node = await start();
  node.script = [fails('NODE_ID_COLLISION', { name: 'n4', with: 'n2' }), succeeds];
  const { client } = connectTo(node.address);
  await expect(stepsOf(client.add(CANDIDATE))).rejects.toMatchObject({
    code: 'NODE_ID_COLLISION',
    details: { with: 'n2' },
  });
  expect(node.orders).toHaveLength(1);
});

test('a node that was started a moment ago is waited for, by asking its leader again', async () => {
  const [leader, other] = [await start(), await start()];
  const refusal = fails('UNAVAILABLE', { address: 'p:4' });
  leader.script = [refusal, refusal, succeeds];
  const { client } = connectTo(leader.address, other.address);
  expect(await stepsOf(client.add(CANDIDATE))).toEqual(['asking', 'done']);
  expect([leader.orders.length, other.orders.length]).toEqual([3, 0]);
});

test('nodes that send an order round in circles do not keep it beyond its deadline', async () => {
  const [a, b] = [await start(), await start()];
  a.script = [fails('NOT_LEADER', { address: b.address })];
  b.script = [fails('NOT_LEADER', { address: a.address })];
  const { client } = connectTo(a.address);
  const codes = /^(NOT_LEADER|DEADLINE_EXCEEDED)$/;
  await expect(stepsOf(client.remove('n2', { deadlineMs: 300 }))).rejects.toMatchObject({
    code: expect.stringMatching(codes),
  });
});

test('a signal gives an order up, and the node hears of it', async () => {
  const node = await start();
  node.script = [hangs];
  const { client } = connectTo(node.address);
  const controller = new AbortController();
  const order = client.promote('n4', { signal: controller.signal });
  expect((await order.next()).value).toMatchObject({ step: 'catching-up' });
  controller.abort();
  await expect(order.next()).rejects.toMatchObject({ code: 'CANCELLED' });
  while (node.cancelled === 0) await new Promise(setImmediate);
});

test('leaving the loop gives an order up as well', async () => {
  const node = await start();
  node.script = [hangs];
  const { client } = connectTo(node.address);
  for await (const { step } of client.promote('n4')) if (step === 'catching-up') break;
  while (node.cancelled === 0) await new Promise(setImmediate);
});

test('the status shows every group as its leader knows it', async () => {
  const [n1, n2] = [await start(), await start()];
  const byName = { n1, n2 };
  n1.status = { node: 'n1', clusterId: new Uint8Array(16), groups: [group(1, n2, byName)] };
  const told = group(1, n2, byName);
  const progress = { matched: 39n, state: 'following', active: true };
  const members = told.members.map((member) => ({ ...member, progress }));
  n2.status = { ...n1.status, node: 'n2', groups: [{ ...told, leads: true, members }] };
  const { client } = connectTo(n1.address);
  const { node, groups } = await client.status();
  expect(node).toBe('n1');
  expect(groups[0]).toMatchObject({ leads: true, members: [{ progress: { matched: 39 } }, {}] });
});

test('the status of a node whose leader does not answer is what that node knows', async () => {
  const [n1, n2] = [await start(), await start()];
  n1.status = { node: 'n1', clusterId: new Uint8Array(16), groups: [group(1, n2, { n1, n2 })] };
  n2.stop();
  const { client } = connectTo(n1.address);
  expect((await client.status()).groups[0]).toMatchObject({ leads: false, leader: 'n2', applied: 40 });
});

test('a node that was removed, or knows no leader, does not speak for the cluster', async () => {
  const [removed, n2] = [await start(), await start()];
  const id = new Uint8Array(16);
  const before = group(1, removed, { n1: removed, n2 });
  removed.status = { node: 'n1', clusterId: id, groups: [{ ...before, leader: '' }] };
  n2.status = { node: 'n2', clusterId: id, groups: [{ ...group(1, n2, { n2 }), leads: true }] };
  const { client } = connectTo(removed.address, n2.address);
  const { groups } = await client.status();
  expect(groups[0]).toMatchObject({ leader: 'n2', leads: true, members: [{ name: 'n2' }] });
  await stepsOf(client.transfer('n3'));
  expect(n2.orders).toEqual([['transfer', { target: 'n3' }]]);
});

test('a transfer goes to every leader that is not the target yet, a drain to one node alone', async () => {
  const [n1, n2, n3] = [await start(), await start(), await start()];
  const byName = { n1, n2, n3 };
  const groups = [group(1, n1, byName), group(2, n2, byName), group(3, n3, byName)];
  n1.status = { node: 'n1', clusterId: new Uint8Array(16), groups };
  n2.status = n3.status = { ...n1.status, groups: [] };
  const { client } = connectTo(n1.address);
  await stepsOf(client.transfer('n3'));
  expect([n1, n2, n3].map(({ orders }) => orders)).toEqual([
    [['transfer', { target: 'n3' }]],
    [['transfer', { target: 'n3' }]],
    [],
  ]);
  await stepsOf(client.transferFrom(n3.address, undefined));
  expect(n3.orders).toEqual([['transfer', { target: '' }]]);
});

test('digests are compared at one position, however members move on', async () => {
  const [n1, n2] = [await start(), await start()];
  const byName = { n1, n2 };
  n1.status = { node: 'n1', clusterId: new Uint8Array(16), groups: [group(1, n1, byName)] };
  n2.digest = (position) => ({ position: Math.max(position, 44), byte: 1 });
  const { client } = connectTo(n1.address);
  expect(await client.digests(1)).toMatchObject({
    verdict: 'equal',
    members: [{ digest: { position: 44 } }, { digest: { position: 44 } }],
  });
  n2.digest = (position) => ({ position: Math.max(position, 44), byte: 2 });
  expect(await client.digests(1)).toMatchObject({ verdict: 'different' });
  n2.stop();
  expect(await client.digests(1, { deadlineMs: 500 })).toMatchObject({
    verdict: 'undecided',
    members: [{ digest: { position: 40 } }, { name: 'n2', error: { code: expect.any(String) } }],
  });
});

test('state that never stands still is undecided, not different', async () => {
  const [n1, n2] = [await start(), await start()];
  n1.status = { node: 'n1', clusterId: new Uint8Array(16), groups: [group(1, n1, { n1, n2 })] };
  n1.digest = (position) => ({ position: position + 3, byte: 1 });
  n2.digest = (position) => ({ position: position + 7, byte: 1 });
  expect((await connectTo(n1.address).client.digests(1)).verdict).toBe('undecided');
});
