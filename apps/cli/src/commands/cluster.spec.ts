import type { proto } from '@caisson/formats';
import { caisson, ScriptedCluster, STEP } from '../testdata/scripted-cluster.js';

const nodes: ScriptedCluster[] = [];
afterEach(() => nodes.splice(0).forEach((node) => node.stop()));

async function start(): Promise<ScriptedCluster> {
  const node = await new ScriptedCluster().start();
  nodes.push(node);
  return node;
}

function member(name: string, clientAddress: string, matched?: bigint, active = true): proto.Member {
  const progress = matched === undefined ? undefined : { matched, state: 'following', active };
  return { name, learner: name.startsWith('l'), address: `${name}.peers:1`, clientAddress, progress };
}

function group(members: proto.Member[], leader = 'n1'): proto.GroupStatus {
  const counts = { applied: 90n, durable: 100n, leadership: 2n, refused: 0n };
  return { id: 1n, ...counts, leads: leader === 'n1', leader, members, halted: '' };
}

const CANDIDATE = ['--peer-address', '10.0.0.4:7800', '--client-address', '10.0.0.4:7700'];

test('status draws who leads, who lags how far, and how many may fail', async () => {
  const node = await start();
  const members = [
    member('n1', node.address, 100n),
    member('n2', 'n2:7700', 97n),
    member('n3', 'n3:7700', 20n, false),
    member('l1', 'l1:7700', 50n),
  ];
  node.status.groups = [group(members)];
  const { out, exitCode } = await caisson('cluster', 'status', '--address', node.address);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/group 1: n1 leads; applied 90; 3 voters, 2 needed, NONE MAY FAIL NOW/);
  const row = (name: string) => out.split('\n').find((line) => line.includes(`│ ${name} `))!;
  expect(row('n1')).toMatch(/★.*leader.*leads.* 0 /);
  expect(row('n2')).toMatch(/●.*voter.*following.* 3 /);
  expect(row('n3')).toMatch(/●.*following, SILENT.* 80 /);
  expect(row('l1')).toMatch(/○.*learner.* 50 /);
});

test('status --json is one document with the lag of every member, exit 1 without a leader', async () => {
  const node = await start();
  const members = [member('n1', node.address), member('n2', 'n2:7700')];
  node.status.groups = [group(members, '')];
  const { out, exitCode } = await caisson('cluster', 'status', '--json', '--address', node.address);
  expect(exitCode).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    node: 'n1',
    cluster: 'ab'.repeat(16),
    groups: [{ id: 1, members: [{ name: 'n1', leads: false, role: 'voter' }, { name: 'n2' }] }],
  });
});

test('status --wait waits for a leader, and no longer than it may', async () => {
  const node = await start();
  const members = [member('n1', node.address), member('n2', 'n2:7700')];
  node.status.groups = [group(members, '')];
  const words = ['cluster', 'status', '--wait', '--json', '--address', node.address, '--timeout'];
  expect((await caisson(...words, '300')).exitCode).toBe(1);
  const waiting = caisson(...words, '20000');
  setTimeout(() => (node.status = { ...node.status, groups: [group(members)] }), 50);
  expect((await waiting).exitCode).toBe(0);
});

test('status --wait spare waits until one more voter may fail', async () => {
  const node = await start();
  const members = (...active: boolean[]) =>
    active.map((isActive, at) => member(`n${at + 1}`, at === 0 ? node.address : 'x:7700', 90n, isActive));
  node.status.groups = [group(members(true, true, false))];
  const words = ['cluster', 'status', '--wait', 'spare', '--address', node.address, '--timeout'];
  expect((await caisson(...words, '300')).exitCode).toBe(1);
  node.status.groups = [group(members(true, true, true))];
  const { exitCode, out } = await caisson(...words, '300');
  expect([exitCode, out]).toEqual([0, expect.stringContaining('3 voters, 2 needed, 1 more may fail')]);
});

test('members lists roles and both addresses', async () => {
  const node = await start();
  node.status.groups = [group([member('n1', node.address), member('l1', '')])];
  const { out } = await caisson('cluster', 'members', '--json', '--address', node.address);
  expect(JSON.parse(out).members).toEqual([
    { name: 'l1', role: 'learner', address: 'l1.peers:1', groups: [1] },
    { name: 'n1', role: 'voter', address: 'n1.peers:1', clientAddress: node.address, groups: [1] },
  ]);
});

test('add tells its steps and how far the node has caught up, and sends what it was given', async () => {
  const node = await start();
  node.steps = [
    [STEP.CLUSTER_STEP_ASKING],
    [STEP.CLUSTER_STEP_CATCHING_UP, 10, 400],
    [STEP.CLUSTER_STEP_CATCHING_UP, 390, 400],
    [STEP.CLUSTER_STEP_PROMOTING],
    [STEP.CLUSTER_STEP_DONE],
  ];
  const { notes, exitCode } = await caisson('cluster', 'add', 'n4', ...CANDIDATE, '--address', node.address);
  expect(exitCode).toBe(0);
  expect(notes).toMatch(/asking the node[^]*catching up\n[^]*making it a voter[^]*add n4: done in/);
  const sent = { name: 'n4', address: '10.0.0.4:7800', clientAddress: '10.0.0.4:7700', learner: false };
  expect(node.orders).toEqual([['add', { node: sent }]]);
});

test('every other order is sent as its words say', async () => {
  const node = await start();
  node.status.groups = [group([member('n1', node.address), member('n3', 'n3:7700')])];
  const order = (...words: string[]) => caisson('cluster', ...words, '--address', node.address, '--json');
  const ran = [
    await order('promote', 'n4'),
    await order('remove', 'n2'),
    await order('replace', 'n2', 'n4', ...CANDIDATE, '--learner'),
    await order('transfer', 'n3'),
    await order('drain'),
  ];
  expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0]);
  expect(JSON.parse(ran[1]!.out)).toMatchObject({ order: 'remove', args: ['n2'], groups: [1] });
  expect(node.orders).toMatchObject([
    ['promote', { name: 'n4' }],
    ['remove', { name: 'n2' }],
    ['replace', { old: 'n2', by: { name: 'n4', learner: true } }],
    ['transfer', { target: 'n3' }],
    ['transfer', { target: '' }],
  ]);
});

test('the first address that answers is enough, and the leader it names is followed', async () => {
  const [follower, leader, gone] = [await start(), await start(), await start()];
  gone.stop();
  follower.fail('NOT_LEADER', { group: 1, leader: 'n2', address: leader.address });
  follower.steps = [];
  const addresses = ['--address', `${gone.address},${follower.address}`];
  const { exitCode, notes } = await caisson('cluster', 'promote', 'n4', ...addresses);
  expect(exitCode).toBe(0);
  expect(notes).toContain(`NOT_LEADER, going on at ${leader.address}`);
  expect(leader.orders).toEqual([['promote', { name: 'n4' }]]);
});

test('a refusal ends with the exit code of its error', async () => {
  const node = await start();
  node.fail('NODE_ID_COLLISION', { name: 'n4', with: 'n2' });
  const words = ['cluster', 'add', 'n4', ...CANDIDATE, '--address', node.address, '--json'];
  const { exitCode, out } = await caisson(...words);
  expect(exitCode).toBe(65);
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'NODE_ID_COLLISION', details: { with: 'n2' } } });
});

test('Ctrl-C gives the order up, tells the node, and says that it may be repeated', async () => {
  const node = await start();
  node.holdsBack = true;
  const running = caisson('cluster', 'promote', 'n4', '--address', node.address);
  while (node.orders.length === 0) await new Promise(setImmediate);
  process.emit('SIGINT');
  const { exitCode, notes } = await running;
  expect(exitCode).toBe(130);
  expect(notes).toMatch(/give the same order again/);
  while (!node.cancelled) await new Promise(setImmediate);
});

test('digest is of one node, or of all members compared', async () => {
  const [n1, n2] = [await start(), await start()];
  n1.status.groups = [group([member('n1', n1.address), member('n2', n2.address)])];
  const one = await caisson('cluster', 'digest', '--position', '7', '--json', '--address', n1.address);
  expect(JSON.parse(one.out)).toEqual({ group: 1, position: 7, digest: '01'.repeat(32), pairs: 3 });
  const same = await caisson('cluster', 'digest', '--all', '--address', n1.address);
  expect([same.exitCode, same.out.trim().split('\n').at(-1)]).toEqual([0, 'equal']);
  n2.digestByte = 2;
  const differ = await caisson('cluster', 'digest', '--all', '--json', '--address', n1.address);
  expect([differ.exitCode, JSON.parse(differ.out).verdict]).toEqual([65, 'different']);
  n2.stop();
  const partial = await caisson('cluster', 'digest', '--all', '--address', n1.address, '--timeout', '500');
  expect([partial.exitCode, partial.out]).toEqual([1, expect.stringContaining('undecided')]);
});

test.each(['0.0.0.0:7800', 'n4'])('a node is not let in at %s, where nobody reaches it', async (address) => {
  const node = await start();
  const words = ['--peer-address', address, '--client-address', 'n4:7700', '--address', node.address];
  expect((await caisson('cluster', 'add', 'n4', ...words)).exitCode).toBe(64);
  expect(node.orders).toEqual([]);
});

test.each(['1', 'host', 'a:1,b'])('an address like %s is refused as usage', async (address) => {
  expect((await caisson('cluster', 'status', '--address', address)).exitCode).toBe(64);
});
