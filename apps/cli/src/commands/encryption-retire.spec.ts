import { caisson, CLUSTER_ID, ScriptedCluster } from '../testdata/scripted-cluster.js';
import { KEY_STEP, ScriptedKeys } from '../testdata/scripted-keys.js';

const nodes: { stop(): void }[] = [];
afterEach(() => nodes.splice(0).forEach((node) => node.stop()));

async function start(): Promise<ScriptedKeys> {
  const node = await new ScriptedKeys().start();
  nodes.push(node);
  return node;
}

const values = {
  member: 'n2',
  what: 'values',
  count: 312n,
  problem: '312 values are under the key',
  next: 'caisson encryption rewrite --all --wait',
};
const silent = { ...values, member: 'n3', what: 'unreachable', count: undefined, problem: 'does not say' };
const counted = { step: KEY_STEP.KEY_STEP_COUNTING, members: ['n1', 'n2'], planned: true };

test('a dry run of a key’s end lists what stands in the way, and ends with 1', async () => {
  const node = await start();
  node.steps = [{ ...counted, blockers: [values, silent] }];
  const words = ['encryption', 'retire-dek', '--key-id', '42', '--dry-run', '--address', node.address];
  const told = await caisson(...words);
  expect(told.exitCode).toBe(1);
  expect(told.out).toMatch(
    /n2 +│ values +│ 312 +│ 312 values are under the key │ caisson encryption rewrite/,
  );
  expect(told.out).toMatch(/n3 +│ unreachable │ – /);
  expect(told.notes).toMatch(/would be refused. Nothing was changed/);
  const { out, exitCode } = await caisson(...words, '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    order: 'retire-dek',
    dryRun: true,
    blockers: [{ member: 'n2', count: 312 }, { member: 'n3' }],
  });
  expect(node.orders[0]).toEqual(['retire', { keyId: 42, erase: false, dryRun: true }]);
});

test('a dry run without anything in the way says so, and ends with 0', async () => {
  const node = await start();
  node.steps = [counted, { step: KEY_STEP.KEY_STEP_SUSPENDING, planned: true }];
  const words = ['encryption', 'retire-dek', '--key-id', '42', '--dry-run', '--address', node.address];
  const { notes, exitCode } = await caisson(...words);
  expect([exitCode, notes]).toEqual([0, expect.stringMatching(/Nothing stands in the way/)]);
});

test('a key is suspended, brought back, and given up, each in its words', async () => {
  const node = await start();
  const order = (...words: string[]) => caisson('encryption', ...words, '--address', node.address);
  expect((await order('retire-dek', '--key-id', '42')).notes).toMatch(/key 42: suspended; “resume-dek”/);
  expect((await order('resume-dek', '--key-id', '42')).notes).toMatch(/key 42: opens again/);
  node.steps = [
    { step: KEY_STEP.KEY_STEP_ERASING, blockers: [{ ...values, what: 'bytes' }] },
    { step: KEY_STEP.KEY_STEP_ERASING, blockers: [] },
    { step: KEY_STEP.KEY_STEP_DONE },
  ];
  const { out, notes, exitCode } = await order('retire-dek', '--key-id', '42', '--erase');
  expect([exitCode, out, notes]).toEqual([0, '', expect.stringMatching(/key 42: given up for good/)]);
  expect(node.orders.map(([name, request]) => [name, request])).toEqual([
    ['retire', { keyId: 42, erase: false, dryRun: false }],
    ['resume', { keyId: 42, dryRun: false }],
    ['retire', { keyId: 42, erase: true, dryRun: false }],
  ]);
});

test('members that still hold a key after its end are listed, and it is no failure', async () => {
  const node = await start();
  node.steps = [{ step: KEY_STEP.KEY_STEP_ERASING, blockers: [{ ...values, what: 'bytes' }] }];
  const words = ['encryption', 'retire-dek', '--key-id', '42', '--erase', '--address', node.address];
  const { out, exitCode } = await caisson(...words);
  expect([exitCode, out]).toEqual([0, expect.stringMatching(/n2 +│ bytes/)]);
});

test('a refusal lists every member, with the exit code of the error', async () => {
  const node = await start();
  node.fail('KEY_STILL_REFERENCED', { problems: ['n2: 312 values are under the key; rewrite them'] });
  const words = ['encryption', 'retire-dek', '--key-id', '42', '--address', node.address];
  const { notes, exitCode } = await caisson(...words);
  expect([exitCode, notes]).toEqual([
    69,
    expect.stringMatching(/KEY_STILL_REFERENCED[\s\S]*- n2: 312 values/),
  ]);
});

test.each(['0', '-1', '4294967296', 'first'])(
  'a key id of %s is refused before anybody is asked',
  async (id) => {
    const { exitCode } = await caisson('encryption', 'resume-dek', '--key-id', id);
    expect(exitCode).toBe(64);
  },
);

test('the status counts values where it is asked to', async () => {
  const node = await start();
  const words = ['encryption', 'status', '--address', node.address];
  expect((await caisson(...words, '--count')).out).toMatch(/42 .*│ active │ 3 +│ 12 /);
  expect((await caisson(...words)).out).toMatch(/42 .*│ active │ 3 +│ – /);
});

test('rewriting is begun on every member that the cluster names', async () => {
  const [n1, n2] = [await start(), await start()];
  const cluster = await new ScriptedCluster().start();
  nodes.push(cluster);
  const role = { learner: false, address: '', progress: undefined };
  const member = (name: string, clientAddress: string) => ({ ...role, name, clientAddress });
  const members = [member('n1', n1.address), member('n2', n2.address)];
  const place = { id: 1n, applied: 9n, durable: 9n, leadership: 1n, refused: 0n, halted: '' };
  const group = { ...place, leads: true, leader: 'n1', members };
  cluster.status = { node: 'n1', clusterId: CLUSTER_ID, groups: [group] };
  n2.rewriting = ['running'];
  const words = ['encryption', 'rewrite', '--all', '--wait', '--address', cluster.address];
  const { out, notes, exitCode } = await caisson(...words);
  expect(exitCode).toBe(0);
  expect(notes).toMatch(/^n2 group 1: running, 5 of 9 values/m);
  expect(out).toMatch(/n1 .*│ finished[\s\S]*n2 .*│ finished/);
  expect([n1, n2].map(({ orders }) => orders[0])).toMatchObject([
    ['rewrite', { action: 1 }],
    ['rewrite', { action: 1 }],
  ]);
  n1.orders.length = 0;
  n2.stop();
  const { notes: away, exitCode: code } = await caisson(...words, '--timeout', '1500');
  expect([code, away]).toEqual([75, expect.stringMatching(/^ {2}- n2: (UNAVAILABLE|DEADLINE_EXCEEDED)$/m)]);
  expect(n1.orders).toMatchObject([['rewrite', { action: 1 }]]);
  group.members = [member('n1', n1.address), member('n2', '')];
  expect((await caisson(...words)).notes).toMatch(/UNAVAILABLE.*n2/);
});
