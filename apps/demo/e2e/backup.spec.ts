import { ERRORS } from '@caisson/contracts';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import RocksDb from 'rocksdb';
import { freePorts } from '../src/cluster/cluster-node.js';
import { type NodeProcess, Playground, type Ran, runCli, searchDisk } from '../src/index.js';

const VALUE_HEADER_BYTES = 9;
const RECORD_HEADER_BYTES = 18;
const PROPOSAL_HEADER_BYTES = 9;
const SEALED_PROPOSAL = 0x04;
/** From the key id to the end of the nonce, by the version of the envelope. */
const UNIQUE_PART: Readonly<Record<number, readonly [number, number]>> = { 1: [2, 18], 2: [2, 34] };

let playground: Playground;
const at = (name: string) => join(playground.folder, name);
afterEach(() => playground.remove());

async function expectOk(running: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await running;
  expect([exitCode, stderr]).toEqual([0, stderr]);
  return stdout;
}

const valueOf = (cluster: string, number: number) =>
  `a long secret of the ${cluster} cluster, number ${number}`;

async function putMany(node: NodeProcess, cluster: string): Promise<readonly string[]> {
  const values = Array.from({ length: 50 }, (_, number) => valueOf(cluster, number));
  const lines = values.map((value, number) => JSON.stringify({ key: `${cluster}/${number}`, value }));
  await expectOk(runCli(['batch', '--address', node.address], `${lines.join('\n')}\n`));
  return values;
}

const create = (...args: string[]) =>
  runCli(['backup', 'create', at('backup'), '--data-dir', playground.dataDir, ...args]);
const verify = (...args: string[]) => runCli(['backup', 'verify', at('backup'), ...args]);
const restore = (...args: string[]) =>
  runCli(['backup', 'restore', at('backup'), '--data-dir', at('second'), '--name', 's1', ...args]);
const withKek = () => ['--kek-file', playground.kekPath];

/** A node with values, stopped and backed up. */
async function backedUp(changes = {}): Promise<readonly string[]> {
  playground = await Playground.create();
  const node = await playground.start(changes);
  const values = await putMany(node, 'first');
  expect(await node.end('SIGTERM')).toBe(0);
  await expectOk(create(...withKek()));
  return values;
}

/** What is sealed in store and log of a stopped node: where, and all that makes key and nonce unique. */
async function sealsOf(dataDir: string): Promise<ReadonlyMap<string, string>> {
  const seals = new Map<string, string>();
  for (const [part, table] of [
    ['store', 0x02],
    ['log', 0x01],
  ] as const) {
    for (const [key, value] of await rowsOf(join(dataDir, 'groups', '1', part, 'db'), table)) {
      const data = value.subarray(RECORD_HEADER_BYTES);
      const isSealed = part === 'store' ? (value[0]! & 6) === 2 : data[0] === SEALED_PROPOSAL;
      if (!isSealed) continue;
      const envelope =
        part === 'store' ? value.subarray(VALUE_HEADER_BYTES) : data.subarray(PROPOSAL_HEADER_BYTES);
      const [from, to] = UNIQUE_PART[envelope[0]!]!;
      seals.set(
        `${part} ${key.toString('hex')} ${envelope.toString('hex')}`,
        envelope.subarray(from, to).toString('hex'),
      );
    }
  }
  return seals;
}

async function rowsOf(path: string, table: number): Promise<readonly (readonly [Buffer, Buffer])[]> {
  const database = new RocksDb(path);
  const settle = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  await settle((done) => database.open({}, done));
  const rows: (readonly [Buffer, Buffer])[] = [];
  const iterator = database.iterator();
  iterator.seek(Buffer.from([table]));
  for (;;) {
    const row = await new Promise<readonly [Buffer, Buffer] | undefined>((resolve, reject) =>
      iterator.next((error, key, value) => (error ? reject(error) : resolve(key && [key, value!]))),
    );
    if (!row || row[0][0] !== table) break;
    rows.push(row);
  }
  await settle((done) => iterator.end(done));
  await settle((done) => database.close(done));
  return rows;
}

describe.each([2, 1])('with envelope version %d', (envelopeVersion) => {
  const changes = { 'applier-encryption': { envelopeVersion } };

  test('a backup becomes a second cluster; both serve, both write, and no key and nonce meet', async () => {
    const values = await backedUp(changes);
    const proved = JSON.parse(await expectOk(verify(...withKek(), '--values', '--json'))) as Record<
      string,
      unknown
    >;
    expect(proved).toMatchObject({ authentic: 'yes', groups: [{ versions: 50, sealed: 50, opened: 50 }] });
    const restored = JSON.parse(await expectOk(restore(...withKek(), '--json'))) as { cluster: string };
    expect(restored.cluster).not.toBe(proved['cluster']);

    const first = await playground.start(changes);
    const second = await playground.start({ ...changes, 'data-directory': { path: at('second') } });
    for (const [node, cluster] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      expect((await expectOk(playground.cli(node, 'get', 'first/7'))).trim()).toBe(valueOf('first', 7));
      await putMany(node, cluster);
      expect(await node.end('SIGTERM')).toBe(0);
    }
    const again = await playground.start({ ...changes, 'data-directory': { path: at('second') } });
    expect((await expectOk(playground.cli(again, 'get', 'second/49'))).trim()).toBe(valueOf('second', 49));
    expect(await again.end('SIGTERM')).toBe(0);

    const [ours, theirs] = [await sealsOf(playground.dataDir), await sealsOf(at('second'))];
    const together = new Map([...ours, ...theirs]);
    expect([...theirs.keys()].filter((seal) => ours.has(seal))).toHaveLength(values.length);
    expect(together.size).toBeGreaterThan(3 * values.length);
    expect(new Set(together.values()).size).toBe(together.size);
    const search = await searchDisk(at('backup'), values);
    expect(search).toMatchObject({ found: 0, needles: values.length });
    expect((await searchDisk(at('second'), values)).found).toBe(0);
  }, 240_000);
});

test('without encryption the same search finds every value, so it would have found them', async () => {
  playground = await Playground.create('clear');
  const changes = { 'applier-encryption': { enabled: false }, 'kek-file': undefined };
  const node = await playground.start(changes);
  const values = await putMany(node, 'first');
  expect(await node.end('SIGTERM')).toBe(0);
  await expectOk(create());
  expect((await searchDisk(at('backup'), values)).found).toBe(values.length);
  expect(JSON.parse(await expectOk(verify('--json')))).toMatchObject({ authentic: 'has no keys' });
  await expectOk(restore());
  const second = await playground.start({ ...changes, 'data-directory': { path: at('second') } });
  expect((await expectOk(playground.cli(second, 'get', 'first/7'))).trim()).toBe(valueOf('first', 7));
}, 180_000);

test('a running node is left alone, a missing KEK is named, and what failed leaves nothing', async () => {
  playground = await Playground.create();
  const node = await playground.start();
  await putMany(node, 'first');
  expect(await create(...withKek())).toMatchObject({ exitCode: ERRORS.DIRECTORY_LOCKED.exit });
  expect(await node.end('SIGTERM')).toBe(0);
  const refused = await create();
  expect(refused).toMatchObject({ exitCode: ERRORS.KEK_NOT_CONFIGURED.exit });
  expect(refused.stderr).toContain('KEK_NOT_CONFIGURED');
  await expectOk(create(...withKek()));
  expect((await restore()).stderr).toContain('KEK_NOT_CONFIGURED');
  await writeFile(at('other.key'), Buffer.alloc(32, 7), { mode: 0o600 });
  expect((await restore('--kek-file', at('other.key'))).stderr).toContain('KEK_MISMATCH');
  expect((await verify('--kek-file', at('other.key'))).stderr).toContain('KEK_MISMATCH');
  expect(await readdir(playground.folder)).not.toEqual(
    expect.arrayContaining([expect.stringContaining('second')]),
  );
}, 180_000);

test('a node that serves is backed up as of one moment while it is written to', async () => {
  playground = await Playground.create();
  const node = await playground.start();
  const values = await putMany(node, 'first');
  const writes = putMany(node, 'later');
  const made = await expectOk(playground.cli(node, 'backup', 'create', at('backup'), '--json'));
  expect(JSON.parse(made)).toMatchObject({ node: 'n1', groups: [{ group: 1 }] });
  await writes;
  expect(JSON.parse(await expectOk(verify(...withKek(), '--values', '--json')))).toMatchObject({
    authentic: 'yes',
  });
  expect(await searchDisk(at('backup'), values)).toMatchObject({ found: 0 });
  await expectOk(restore(...withKek()));
  const second = await playground.start({ 'data-directory': { path: at('second') } });
  expect(await expectOk(playground.cli(second, 'get', 'first/49'))).toBe(valueOf('first', 49));
  const again = await playground.cli(node, 'backup', 'create', at('backup'));
  expect(again).toMatchObject({ exitCode: ERRORS.DIRECTORY_NOT_EMPTY.exit });
}, 180_000);

test('a backup is for operators', async () => {
  playground = await Playground.create();
  const token = at('token');
  await writeFile(token, 'a token of a reader', { mode: 0o600 });
  const access = { tokens: [{ name: 'r', role: 'reader', token: { file: token } }] };
  const node = await playground.start({ 'gateway-grpc': { listen: '127.0.0.1:0', access } });
  const ran = await playground.cli(node, 'backup', 'create', at('backup'), '--token-file', token);
  expect(ran).toMatchObject({ exitCode: ERRORS.PERMISSION_DENIED.exit });
  expect(await readdir(playground.folder)).not.toContain('backup');
}, 180_000);

function member(name: string, gateway: string, peer: string): Record<string, unknown> {
  return {
    'data-directory': { path: at(name) },
    'gateway-grpc': { listen: gateway },
    'transport-grpc': { listen: peer },
    'engine-raft': { clientAddress: gateway },
  };
}

test('another node joins the second cluster and holds what the first one sealed', async () => {
  await backedUp();
  // What a restoration that was killed leaves.
  await mkdir(at('second.restoring/groups/1/store'), { recursive: true });
  await expectOk(restore(...withKek()));
  expect(await readdir(playground.folder)).not.toContain('second.restoring');
  const [one, two] = [await freePorts('127.0.0.1'), await freePorts('127.0.0.1')];
  const second = await playground.start(member('second', one.client, one.peer));
  const token = (await expectOk(playground.cli(second, 'cluster', 'token'))).trim();
  const flags = ['--data-dir', at('third'), '--name', 's2', ...withKek()];
  await expectOk(runCli(['init', '--join', token, ...flags]));
  const third = await playground.start(member('third', two.client, two.peer));
  const addresses = ['--peer-address', two.peer, '--client-address', two.client];
  await expectOk(playground.cli(second, 'cluster', 'add', 's2', ...addresses));
  await putMany(second, 'second');
  await expectOk(playground.cli(second, 'cluster', 'digest'));
  expect(await expectOk(playground.cli(third, 'get', 'first/3'))).toBe(valueOf('first', 3));
  expect(await expectOk(playground.cli(third, 'get', 'second/3'))).toBe(valueOf('second', 3));
}, 180_000);

test('damage in a backup is named, and nothing is restored from it', async () => {
  await backedUp();
  const piece = at('backup/groups/1/0000000000');
  const bytes = await readFile(piece);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(piece, bytes);
  for (const ran of [await verify(), await restore(...withKek())]) {
    expect(ran).toMatchObject({ exitCode: ERRORS.BACKUP_INVALID.exit });
    expect(ran.stderr).toContain('BACKUP_INVALID');
    expect(ran.stderr).toContain('piece=0');
  }
  await rm(piece);
  expect((await verify()).stderr).toContain('is missing');
  expect(await readdir(playground.folder)).not.toEqual(
    expect.arrayContaining([expect.stringContaining('second')]),
  );
}, 180_000);
