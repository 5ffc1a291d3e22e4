import { caisson } from '../testdata/scripted-cluster.js';
import { KEY_STEP, ScriptedKeys } from '../testdata/scripted-keys.js';

const nodes: ScriptedKeys[] = [];
afterEach(() => nodes.splice(0).forEach((node) => node.stop()));

async function start(): Promise<ScriptedKeys> {
  const node = await new ScriptedKeys().start();
  nodes.push(node);
  return node;
}

const check = (provider: string, result: string, error = '') => ({
  keyId: 42,
  purpose: 'storage',
  provider,
  keyRef: 'ab',
  result,
  error,
});

test('status shows what is sealed, the keys, and the next step of a cluster that is clear', async () => {
  const node = await start();
  const sealed = await caisson('encryption', 'status', '--address', node.address);
  expect(sealed.out).toMatch(/born clear; as n1 tells it/);
  expect(sealed.out).toMatch(/│ 1 .*│ n1 .*│ sealed since 7 │ sealed above 11 │ CLEAR .*│ 42 .*│ 43 /);
  expect(sealed.out).toMatch(/│ 42 .*│ storage │ active │ 3 /);
  node.isSealed = false;
  const clear = await caisson('encryption', 'status', '--address', node.address);
  expect(clear.out).toMatch(/CLEAR .*│ CLEAR .*│ – .*│ – /);
  expect(clear.out).toMatch(/next: caisson encryption enable-storage-envelope/);
});

test('status asks for what a node has applied, or for everything that was acknowledged', async () => {
  const node = await start();
  await caisson('encryption', 'status', '--address', node.address);
  await caisson('encryption', 'status', '--current', '--count', '--address', node.address);
  expect(node.looks).toEqual([
    { current: false, count: false },
    { current: true, count: true },
  ]);
});

test('an order tells who proved to hold the KEK and which key is active, also as one document', async () => {
  const node = await start();
  node.steps = [
    {},
    { members: ['n2', 'n1'] },
    { step: KEY_STEP.KEY_STEP_ROTATING },
    { step: KEY_STEP.KEY_STEP_DONE, keyId: 77 },
  ];
  const words = ['encryption', 'rotate-dek', '--purpose', 'storage', '--address', node.address];
  const told = await caisson(...words);
  expect(told.notes).toMatch(
    /asking every member[\s\S]*n1, n2 hold the KEK[\s\S]*new key[\s\S]*in force after/,
  );
  const { out, exitCode } = await caisson(...words, '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ groups: [1], members: ['n1', 'n2'], keyId: 77, planned: [] });
  expect(node.orders[0]).toMatchObject(['rotate', { purpose: 1, from: [42], dryRun: false }]);
});

test('a rotation that has to be sent twice names the same key to get away from', async () => {
  const node = await start();
  node.fail('UNKNOWN_OUTCOME');
  const { exitCode } = await caisson(
    'encryption',
    'rotate-dek',
    '--purpose',
    'raft',
    '--address',
    node.address,
  );
  expect(exitCode).toBe(0);
  expect(node.orders.map(([, request]) => (request as { from: number[] }).from)).toEqual([[43], [43]]);
});

test('sealed mode is ordered with its word said aloud, and shown afterwards', async () => {
  const node = await start();
  node.steps = [{ step: KEY_STEP.KEY_STEP_SEALING }, { step: KEY_STEP.KEY_STEP_DONE }];
  const words = ['encryption', 'seal-mode', '--address', node.address];
  for (const unsaid of [words, [...words, 'off']]) expect((await caisson(...unsaid)).exitCode).toBe(64);
  expect(node.orders).toEqual([]);
  const { notes, exitCode } = await caisson(...words, 'on');
  expect(exitCode).toBe(0);
  expect(notes).toMatch(/refusing whatever is clear[\s\S]*in force after/);
  expect(node.orders).toMatchObject([['seal', { dryRun: false }]]);
  node.sealedModeIndex = 30n;
  const status = await caisson('encryption', 'status', '--address', node.address);
  expect(status.out).toMatch(/sealed above 11 │ sealed above 30 │/);
});

test('freeing files tells how far each member is, and who did not get there', async () => {
  const node = await start();
  const scrubs = (n1: string, n2: string) => ({
    step: KEY_STEP.KEY_STEP_SCRUBBING,
    scrubs: [
      { name: 'n1', stage: n1 },
      { name: 'n2', stage: n2 },
    ],
  });
  node.steps = [scrubs('waiting', 'log'), scrubs('store', 'done'), { step: KEY_STEP.KEY_STEP_DONE }];
  const words = ['encryption', 'scrub', '--address', node.address];
  const { notes, exitCode } = await caisson(...words);
  expect(exitCode).toBe(0);
  expect(notes).toMatch(/n1 waits, n2 frees its log\n.*n1 frees its store, n2 is done\n[\s\S]*in force/);
  node.fail('SCRUB_INCOMPLETE', { problems: ['n2: UNAVAILABLE'] });
  const failed = await caisson(...words);
  expect(failed.exitCode).toBe(75);
  expect(failed.notes).toMatch(/SCRUB_INCOMPLETE[\s\S]*n2: UNAVAILABLE/);
});

test('an order goes on at the leader that a refusal names', async () => {
  const [follower, leader] = [await start(), await start()];
  follower.fail('NOT_LEADER', { group: 1, leader: 'n2', address: leader.address });
  const { exitCode } = await caisson('encryption', 'enable-raft-envelope', '--address', follower.address);
  expect(exitCode).toBe(0);
  expect(leader.orders).toMatchObject([['raft', { dryRun: false }]]);
});

test('a dry run says what would be done, and that nothing was', async () => {
  const node = await start();
  node.steps = [
    { planned: true },
    { step: KEY_STEP.KEY_STEP_ENABLING, planned: true },
    { step: KEY_STEP.KEY_STEP_DONE, planned: true },
  ];
  const { notes } = await caisson(
    'encryption',
    'enable-storage-envelope',
    '--dry-run',
    '--address',
    node.address,
  );
  expect(notes).toMatch(/would go on with sealing[\s\S]*Nothing was changed/);
  node.steps = [{ step: KEY_STEP.KEY_STEP_DONE, planned: true }];
  const again = await caisson('encryption', 'rewrap-deks', '--dry-run', '--address', node.address);
  expect(again.notes).toMatch(/Nothing is left to do/);
});

test('members that stand in the way are listed, with the exit code of the error', async () => {
  const node = await start();
  node.fail('CAPABILITY_CHECK_FAILED', { group: 1, problems: ['n2: UNAVAILABLE', 'n3: another KEK'] });
  const { notes, exitCode } = await caisson(
    'encryption',
    'enable-storage-envelope',
    '--address',
    node.address,
  );
  expect(exitCode).toBe(69);
  expect(notes).toMatch(/CAPABILITY_CHECK_FAILED[\s\S]*- n2: UNAVAILABLE\n {2}- n3: another KEK/);
});

test('a rotation without keys, and one without a purpose, are refused before any order', async () => {
  const node = await start();
  node.isSealed = false;
  const words = ['encryption', 'rotate-dek', '--address', node.address];
  expect((await caisson(...words, '--purpose', 'raft')).notes).toMatch(/ENVELOPE_ORDER/);
  expect((await caisson(...words)).exitCode).toBe(64);
  expect(node.orders).toEqual([]);
});

test('verify asks every node at --address and ends with 0 only if each KEK opens each key', async () => {
  const [n1, n2] = [await start(), await start()];
  n1.checks = n2.checks = [check('file', 'opened')];
  const words = ['--address', `${n1.address},${n2.address}`, '--json'];
  const well = await caisson('kek', 'verify', ...words);
  expect(well.exitCode).toBe(0);
  expect(JSON.parse(well.out)).toMatchObject({ verified: true, checks: { length: 2 } });
  n2.checks = [check('file', 'opened'), check('kms', 'failed', 'KEK_DENIED'), check('safe', 'not-wrapped')];
  const ill = await caisson('encryption', 'verify', '--address', `${n1.address},${n2.address}`);
  expect(ill.exitCode).toBe(1);
  expect(ill.out).toMatch(/kms .*KEK_DENIED/);
  expect(ill.notes).toMatch(/not-wrapped: .*rewrap-deks/);
  const { out } = await caisson('kek', 'list', '--json', '--address', n2.address);
  expect(JSON.parse(out).keks).toMatchObject([
    { provider: 'file', configured: true, keys: 1, missing: 0 },
    { provider: 'kms', keys: 1 },
    { provider: 'safe', keys: 0, missing: 1 },
  ]);
});

test('register-writer names a member and tells the steps', async () => {
  const node = await start();
  const { exitCode, notes } = await caisson('encryption', 'register-writer', 'n2', '--address', node.address);
  expect([exitCode, notes]).toEqual([0, expect.stringContaining('n2 is registered under every key')]);
  expect(node.orders).toEqual([['register', { name: 'n2', dryRun: false }]]);
});

test('disable refuses and says how to get to a clear cluster', async () => {
  const { notes, exitCode } = await caisson('encryption', 'disable');
  expect([exitCode, notes]).toEqual([78, expect.stringMatching(/ENCRYPTION_ONE_WAY.*Export.*--clear/)]);
});

test('names that share a number in nonces are told before a node is made', async () => {
  const apart = await caisson('encryption', 'probe-node-id', 'n1', 'n2', '--json');
  expect(apart.exitCode).toBe(0);
  const names = Array.from({ length: 1000 }, (_, at) => `n${at}`);
  const crowd = await caisson('encryption', 'probe-node-id', ...names);
  expect(crowd.exitCode).toBe(1);
  expect(crowd.out).toMatch(/COLLIDES/);
});

test('rewriting is begun on every node at a rate, told until it is finished, and looked at', async () => {
  const [n1, n2] = [await start(), await start()];
  n2.rewriting = ['running', 'running'];
  const words = ['encryption', 'rewrite', '--address', `${n1.address},${n2.address}`];
  const told = await caisson(...words, '--rate', '3', '--wait');
  expect(told.exitCode).toBe(0);
  expect(told.notes).toMatch(/group 1: running, 5 of 9 values, 2\.0 MiB\/s, ETA 4s/);
  expect(told.out).toMatch(/finished .*│ 42 /);
  expect(n1.orders[0]).toMatchObject(['rewrite', { action: 1, bytesPerSecond: 3_145_728n }]);
  n1.rewriting = ['stopped'];
  expect((await caisson(...words, '--wait', '--status', '--json')).exitCode).toBe(1);
  await caisson(...words, '--cancel');
  expect(n1.orders.at(-1)).toMatchObject(['rewrite', { action: 3 }]);
});

test('rewriting is ordered by a time in the place of a rate, which is still to come', async () => {
  const node = await start();
  const words = ['encryption', 'rewrite', '--address', node.address];
  const refused = [
    ['--by', 'soon'],
    ['--by', '2020-01-31'],
    ['--by', '2999-01-31', '--rate', '3'],
  ];
  for (const more of refused) expect((await caisson(...words, ...more)).exitCode).not.toBe(0);
  expect(node.orders).toEqual([]);
  expect((await caisson(...words, '--by', '2999-01-31T18:00Z')).exitCode).toBe(0);
  const finishByMs = BigInt(Date.UTC(2999, 0, 31, 18));
  expect(node.orders).toMatchObject([['rewrite', { action: 1, finishByMs }]]);
  expect((node.orders[0]![1] as { bytesPerSecond?: bigint }).bytesPerSecond).toBeUndefined();
});
