import { ERRORS } from '@caisson/contracts';
import { connect } from '@caisson/client';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Certificates, NodeEndedError, NodeProcess, Playground, runCli } from '../src/index.js';

let playground: Playground;
beforeEach(async () => void (playground = await Playground.create()));
afterEach(() => playground.remove());

test('every problem of the configuration is reported at once, with its path, before anything starts', async () => {
  const { exitCode, text } = await playground.refusal({
    'gateway-grpc': { listen: 'nowhere', limits: { deadlineMs: -1 } },
    'admin-http': { listen: 5 },
    'data-directory': {},
  });
  expect(exitCode).toBe(ERRORS.CONFIG_INVALID.exit);
  for (const path of ['gateway-grpc.listen', 'gateway-grpc.limits.deadlineMs', 'admin-http.listen']) {
    expect(text).toContain(`- ${path}: `);
  }
  const unknown = await playground.refusal({ 'store-nowhere': {}, 'kek-hsm': { use: '@acme/none' } });
  expect(unknown.text).toMatch(/store-nowhere: not built in[\s\S]*kek-hsm: PLUGIN_NOT_FOUND/);
});

test('--set overrides one field, and a busy port is a typed error', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const { port } = busy.address() as { port: number };
  const args = [
    'run',
    '--config',
    await playground.writeConfig(),
    '--set',
    `gateway-grpc.listen=127.0.0.1:${port}`,
  ];
  const refused = (await NodeProcess.start(args).catch((error) => error)) as NodeEndedError;
  expect(refused.exitCode).toBe(ERRORS.ADDRESS_IN_USE.exit);
  expect(refused.message).toContain('ADDRESS_IN_USE');
  busy.close();
});

test('SIGTERM drains: what is in flight is answered, the exit code is 0, and the data is there again', async () => {
  const node = await playground.start();
  const client = connect({ address: node.address, deadlineMs: 20_000 });
  const writes = Array.from({ length: 200 }, (_, at) => client.put(`k${at}`, `v${at}`).then(() => at));
  const first = await Promise.race(writes);
  const ended = node.end('SIGTERM');
  const settled = await Promise.allSettled(
    writes.map((write) => Promise.race([write, ended.then(() => -1)])),
  );
  client.close();
  await Promise.allSettled(writes);
  expect(await ended).toBe(0);
  const acknowledged = settled.flatMap((one) =>
    one.status === 'fulfilled' && one.value >= 0 ? [one.value] : [],
  );
  expect(acknowledged).toContain(first);
  const again = await playground.start();
  const { stdout } = await playground.cli(again, 'scan', '--keys-only');
  const keys = new Set(stdout.trim().split('\n'));
  for (const at of acknowledged) expect(keys).toContain(`k${at}`);
});

test('health, readiness and metrics answer over HTTP', async () => {
  const node = await playground.start();
  const get = (path: string) => fetch(`http://${node.adminAddress}${path}`);
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(200);
  expect(await (await get('/metrics')).text()).toMatch(/^caisson_/m);
  expect((await get('/nothing')).status).toBe(404);
});

test('with mutual TLS, certificates give roles and strangers do not get in', async () => {
  const certificates = await Certificates.create(join(playground.folder, 'tls'));
  const server = await certificates.issue('server', 'localhost');
  const tls = { cert: server.cert, key: { file: server.key }, ca: certificates.path('ca.pem') };
  const access = {
    certificates: [
      { commonName: 'app', role: 'writer' },
      { commonName: 'viewer', role: 'reader' },
    ],
  };
  const node = await playground.start({
    'gateway-grpc': { listen: '127.0.0.1:0', tls: { ...tls, requireClientCertificate: true }, access },
  });
  const as = async (name: string, ...args: string[]) => {
    const { cert, key } = await certificates.issue(name, name);
    const flags = ['--ca', certificates.path('ca.pem'), '--cert', cert, '--key', key, '--timeout', '3000'];
    return runCli([...args, '--address', node.address, ...flags]);
  };
  expect((await as('app', 'put', 'a', '1')).exitCode).toBe(0);
  expect((await as('viewer', 'get', 'a')).stdout).toBe('1');
  expect((await as('viewer', 'put', 'a', '2')).exitCode).toBe(ERRORS.PERMISSION_DENIED.exit);
  expect((await as('stranger', 'get', 'a')).exitCode).toBe(ERRORS.UNAUTHENTICATED.exit);
  const plain = await runCli(['get', 'a', '--address', node.address, '--timeout', '1500']);
  expect(plain.exitCode).not.toBe(0);
});

test('a server at an address that its certificate does not name is refused, and no warning is printed', async () => {
  const certificates = await Certificates.create(join(playground.folder, 'tls'));
  const server = await certificates.issue('server', 'localhost');
  const tls = { cert: server.cert, key: { file: server.key } };
  const access = { anonymous: 'writer' };
  const flags = ['--ca', certificates.path('ca.pem'), '--timeout', '3000'];
  const named = await playground.start({ 'gateway-grpc': { listen: '127.0.0.1:0', tls, access } });
  const put = await runCli(['put', 'a', '1', '--address', named.address, ...flags]);
  expect(put).toMatchObject({ exitCode: 0, stderr: '' });
  await named.end('SIGTERM');
  const elsewhere = await playground.start({ 'gateway-grpc': { listen: '127.0.0.2:0', tls, access } });
  const refused = await runCli(['get', 'a', '--address', elsewhere.address, ...flags]);
  expect(refused.exitCode).toBe(ERRORS.UNAVAILABLE.exit);
  expect(refused.stderr).toContain('127.0.0.2');
});

test('a token from the environment gives a role, and never shows up in the log', async () => {
  const access = { tokens: [{ name: 't', role: 'reader', token: { env: 'E2E_TOKEN' } }] };
  const node = await playground.start(
    { 'gateway-grpc': { listen: '127.0.0.1:0', access } },
    { E2E_TOKEN: 'tok-4711' },
  );
  const tokenFile = join(playground.folder, 'token');
  await writeFile(tokenFile, 'tok-4711\n');
  const flags = ['--address', node.address, '--token-file', tokenFile];
  expect((await runCli(['get', 'missing', ...flags])).exitCode).toBe(1);
  expect((await runCli(['put', 'a', 'b', ...flags])).exitCode).toBe(ERRORS.PERMISSION_DENIED.exit);
  await node.end('SIGTERM');
  expect(node.log).not.toContain('tok-4711');
});
