import { encodeJoinToken, type JoinToken } from '@caisson/formats';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { caisson, CLUSTER_ID, ScriptedCluster } from '../testdata/scripted-cluster.js';

let folder: string;
const nodes: ScriptedCluster[] = [];
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-init-'))));
afterEach(async () => {
  for (const node of nodes.splice(0)) node.stop();
  await rm(folder, { recursive: true });
});

function token(changes: Partial<JoinToken> = {}): string {
  const members = [{ name: 'n1', address: '10.0.0.1:7800', clientAddress: '10.0.0.1:7700' }];
  return encodeJoinToken({ clusterId: CLUSTER_ID, birth: 'encrypted', format: 1, members, ...changes });
}

async function init(...words: readonly string[]) {
  const place = ['--data-dir', join(folder, 'data'), '--kek-file', join(folder, 'kek.key')];
  return caisson('init', ...place, ...words);
}

const withKek = () => writeFile(join(folder, 'kek.key'), Buffer.alloc(32, 7), { mode: 0o600 });
const nodeFile = async () => JSON.parse(await readFile(join(folder, 'data', 'node.json'), 'utf8'));

test('a token makes a node of that cluster, and tells how it is let in', async () => {
  await withKek();
  const { exitCode, notes } = await init('--join', token(), '--name', 'n2');
  expect(exitCode).toBe(0);
  expect(notes).toContain('caisson cluster add n2 --address 10.0.0.1:7700');
  expect(await nodeFile()).toMatchObject({ name: 'n2', cluster_id: 'ab'.repeat(16), joined: true });
});

test('an address is asked for the token of its cluster', async () => {
  const node = await new ScriptedCluster().start();
  nodes.push(node);
  node.token = token({ birth: 'clear' });
  expect((await init('--join', node.address, '--name', 'n2')).exitCode).toBe(0);
  expect(await nodeFile()).toMatchObject({ birth: 'clear', joined: true });
});

test('a node that hands out the token of another cluster is not believed', async () => {
  const node = await new ScriptedCluster().start();
  nodes.push(node);
  node.token = token({ clusterId: new Uint8Array(16).fill(1), birth: 'clear' });
  const { exitCode, out } = await init('--join', node.address, '--name', 'n2', '--json');
  expect([exitCode, JSON.parse(out).error.code]).toEqual([65, 'CLUSTER_MISMATCH']);
});

test.each([
  ['an encrypted cluster without its KEK', [], 'KEK_NOT_FOUND', false],
  ['a clear node of an encrypted cluster', ['--clear'], 'INVALID_ARGUMENT', true],
  ['the name of a member', ['--name', 'n1'], 'INVALID_ARGUMENT', true],
  ['a peer address without a port', ['--peer-listen', 'host'], 'INVALID_ARGUMENT', true],
])('%s is refused before anything is made', async (_what, words, code, hasKek) => {
  if (hasKek) await withKek();
  const { out } = await init('--join', token(), '--name', 'n2', '--json', ...words);
  expect(JSON.parse(out).error.code).toBe(code);
  await expect(stat(join(folder, 'data'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a text that is no token is wrong words, not a crash', async () => {
  expect((await init('--join', 'xyz', '--name', 'n2')).exitCode).toBe(64);
  expect((await init('--join', `${token()}A`, '--name', 'n2')).exitCode).toBe(64);
});

test('a configuration for peers names what the operator must bring', async () => {
  const config = join(folder, 'caisson.yaml');
  await init('--config', config, '--peer-listen', '0.0.0.0:7800', '--name', 'n1');
  const document = parse(await readFile(config, 'utf8'));
  const tls = { cert: expect.any(String), key: { file: expect.any(String) }, ca: expect.any(String) };
  expect(document).toMatchObject({
    'transport-grpc': { listen: '0.0.0.0:7800', advertise: expect.stringMatching(/^[^0].*:7800$/), tls },
    'engine-raft': { clientAddress: expect.stringMatching(/^[^0].*:7700$/) },
    'gateway-grpc': { listen: '0.0.0.0:7700', tls: { ...tls, requireClientCertificate: true } },
  });
});

test('a configuration for peers on one machine needs no TLS', async () => {
  const config = join(folder, 'caisson.yaml');
  await init('--config', config, '--peer-listen', '127.0.0.1:7800', '--name', 'n1');
  expect(parse(await readFile(config, 'utf8'))).toMatchObject({
    'transport-grpc': { listen: '127.0.0.1:7800' },
    'engine-raft': { clientAddress: '127.0.0.1:7700' },
    'gateway-grpc': { listen: '127.0.0.1:7700' },
  });
});
