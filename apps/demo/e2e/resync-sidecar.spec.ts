import { ERRORS, type ErrorCode } from '@caisson/contracts';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { ClusterPlayground, type ClusterNode, Playground, runCli } from '../src/index.js';

let playground: Playground | undefined;
let cluster: ClusterPlayground | undefined;
afterEach(async () => {
  await playground?.remove();
  await cluster?.remove();
  playground = cluster = undefined;
});

const command = 'caisson encryption resync-sidecar';

interface Rebuilt {
  readonly old: string;
  readonly keys: readonly { readonly keyId: number; readonly epoch: number }[];
}

/** The epochs that a sidecar has on record, by key. */
async function epochsIn(path: string): Promise<ReadonlyMap<number, number>> {
  const { keys } = JSON.parse(await readFile(path, 'utf8')) as {
    keys: Record<string, { local_epoch: number }>;
  };
  return new Map(Object.entries(keys).map(([keyId, key]) => [Number(keyId), key.local_epoch]));
}

async function resync(dataDir: string, kekPath: string, ...more: readonly string[]): Promise<Rebuilt> {
  const flags = ['--data-dir', dataDir, '--kek-file', kekPath, '--json', ...more];
  const { exitCode, stdout, stderr } = await runCli(['encryption', 'resync-sidecar', ...flags]);
  if (exitCode !== 0) throw new RangeError(`${stdout}${stderr}`);
  return JSON.parse(stdout) as Rebuilt;
}

async function expectRefusal(code: ErrorCode): Promise<void> {
  const before = await playground!.fingerprint();
  const { exitCode, text } = await playground!.refusal();
  expect(text).toContain(`${code}: `);
  expect(text).toContain(command);
  expect(exitCode).toBe(ERRORS[code].exit);
  if (code === 'SIDECAR_CORRUPT') expect(await playground!.fingerprint()).toEqual(before);
}

test('a damaged, an older and a lost sidecar are made anew, and the node goes on above its epochs', async () => {
  playground = await Playground.create();
  const { dataDir, kekPath, sidecarPath } = playground;
  const first = await playground.start();
  expect((await playground.cli(first, 'put', 'greeting', 'hello, sealed world')).exitCode).toBe(0);
  const { exitCode, stderr } = await runCli(['encryption', 'resync-sidecar', '--data-dir', dataDir]);
  expect([exitCode, stderr]).toEqual([
    ERRORS.DIRECTORY_LOCKED.exit,
    expect.stringContaining('DIRECTORY_LOCKED'),
  ]);
  await first.end('SIGTERM');
  const old = await readFile(sidecarPath);
  const restarted = await playground.start();
  await restarted.end('SIGTERM');

  const damages: readonly (readonly [() => Promise<void>, ErrorCode | undefined])[] = [
    [() => truncate(sidecarPath, 100), 'SIDECAR_CORRUPT'],
    [() => writeFile(sidecarPath, old), 'LOCAL_EPOCH_ROLLBACK'],
    [() => rm(sidecarPath), undefined],
  ];
  for (const [damage, code] of damages) {
    const before = await epochsIn(sidecarPath);
    await damage();
    if (code !== undefined) await expectRefusal(code);
    const { keys } = await resync(dataDir, kekPath);
    expect(keys).toHaveLength(2);
    const node = await playground.start();
    expect((await playground.cli(node, 'get', 'greeting')).stdout).toBe('hello, sealed world');
    expect((await playground.cli(node, 'put', 'greeting', 'hello, sealed world')).exitCode).toBe(0);
    await node.end('SIGTERM');
    const after = await epochsIn(sidecarPath);
    for (const [keyId, epoch] of before) expect(after.get(keyId)!).toBeGreaterThan(epoch);
  }
}, 120_000);

test('a member tells what it saw registered of a node whose directory was put back', async () => {
  cluster = await ClusterPlayground.create();
  const n1 = await cluster.found('n1');
  const n2 = await cluster.join('n2', n1);
  const sidecar = (node: ClusterNode) => `${node.dataDir}/encryption/keys.json`;
  const used = await epochsIn(sidecar(n2));
  await n2.end('SIGTERM');
  await truncate(sidecar(n2), 100);
  const tls = cluster.tlsFlags('ops');
  const { keys } = await resync(n2.dataDir, cluster.kekPath, '--from', n1.ports.client, ...tls);
  for (const { keyId, epoch } of keys) expect(epoch).toBeGreaterThan(used.get(keyId)!);
  await n2.start();
  await cluster.ops(n2, 'status', '--wait');
  const registered = await cluster.run(n1, 'encryption', 'register-writer', 'n2', '--json');
  expect(registered.exitCode).toBe(0);
  expect(JSON.parse(registered.stdout)).toMatchObject({ order: 'register-writer', members: ['n2'] });
}, 120_000);
