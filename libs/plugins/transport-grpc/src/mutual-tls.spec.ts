import { CaissonError, type RaftReceiver } from '@caisson/contracts';
import { NodeClock, NodeDisk, NodeSecrets } from '@caisson/platform-node';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { readFileSync } from 'node:fs';
import { Authority } from '../testdata/certificates.js';
import { CLUSTER, TestNode } from '../testdata/nodes.js';
import { TransportGrpcConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import { Dialler } from './dialler.js';
import { Greeter, PROTOCOL } from './hello.js';
import { Asker } from './questions.js';

type Tls = TransportGrpcConfig['tls'];

const never = () => new AbortController().signal;
const question = Uint8Array.of(1, 2);
const parts = { disk: new NodeDisk(), secrets: new NodeSecrets(new NodeDisk()) };
const nodes: TestNode[] = [];
let authority: Authority;
let foreign: Authority;

beforeAll(async () => {
  [authority, foreign] = [await Authority.create(), await Authority.create()];
});
afterAll(() => [authority, foreign].forEach((each) => each.remove()));
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

async function start(name: string, tls: Tls): Promise<TestNode> {
  const node = await TestNode.start(name, { config: { tls } });
  nodes.push(node);
  const echo: Partial<RaftReceiver> = { onQuestion: async (_from, asked) => asked };
  node.transport.receive({ ...echo, onFrame: () => undefined, onUnreachable: () => undefined } as never);
  return node;
}

/** Asks as `name`, with whatever certificate. */
async function askAs(
  name: string,
  tls: NonNullable<Tls>,
  to: TestNode,
  certified: string,
): Promise<Uint8Array> {
  const config = TransportGrpcConfig.parse({ tls });
  const { client } = await loadCredentials(config, certified, parts);
  const greeter = new Greeter({ name, clusterId: CLUSTER }, 'n:1', PROTOCOL);
  const dialler = new Dialler(config, client);
  const asker = new Asker({ dialler, greeter, clock: new NodeClock(), questionMs: 5000 });
  return asker.ask(to.peer, question, never());
}

test('nodes with certificates of one authority talk, whichever form carries their names', async () => {
  const a = await start('a', await authority.issue('a', 'common name'));
  const b = await start('b ü/1', await authority.issue('b ü/1'));
  expect(await a.transport.ask(b.peer, question, never())).toEqual(question);
  expect(await b.transport.ask(a.peer, question, never())).toEqual(question);
});

test('a node that shows the certificate of another is refused', async () => {
  const a = await start('a', await authority.issue('a'));
  const tls = await authority.issue('c');
  expect(await askAs('c', tls, a, 'c')).toEqual(question);
  await expect(askAs('b', tls, a, 'c')).rejects.toMatchObject({
    code: 'PEER_REFUSED',
    details: { by: 'a', peer: 'b' },
  });
});

test('a node that answers with the certificate of another hears nothing of us', async () => {
  const a = await start('a', await authority.issue('a'));
  const c = await start('c', await authority.issue('c'));
  let heard = 0;
  const hear = () => {
    heard++;
    return Promise.resolve(question);
  };
  c.transport.receive({ onQuestion: hear } as never);
  const asking = a.transport.ask({ name: 'b', address: c.peer.address }, question, never());
  await expect(asking).rejects.toMatchObject({ code: 'PEER_REFUSED', details: { peer: 'b' } });
  expect(heard).toBe(0);
});

test('authorities other than the cluster’s are not believed, by either end', async () => {
  const a = await start('a', await authority.issue('a'));
  const stranger = await start('b', await foreign.issue('b'));
  for (const [from, to] of [
    [a, stranger],
    [stranger, a],
  ] as const) {
    const asking = from.transport.ask(to.peer, question, never());
    await expect(asking).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
});

test('the called node checks the authority even where the caller does not', async () => {
  const a = await start('a', await authority.issue('a'));
  const own = await foreign.issue('b');
  const mixed = { ...own, ca: (await authority.issue('x')).ca };
  await expect(askAs('b', mixed, a, 'b')).rejects.toBeInstanceOf(CaissonError);
});

test('whoever shows no certificate, or speaks an older TLS, is not let in', async () => {
  const tls = await authority.issue('a');
  const a = await start('a', tls);
  const [host, port] = a.listen.split(':');
  const base = { host: host!, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['h2'] };
  const shown = { cert: readFileSync(tls.cert), key: readFileSync((tls.key as { file: string }).file) };
  await expect(isKept({ ...base, ...shown })).resolves.toBe(true);
  await expect(isKept(base)).resolves.toBe(false);
  await expect(isKept({ ...base, ...shown, maxVersion: 'TLSv1.2' as const })).resolves.toBe(false);
});

/** Whether the server greets a TLS connection instead of ending it. */
function isKept(options: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls(options);
    const settle = (kept: boolean) => {
      socket.destroy();
      resolve(kept);
    };
    socket.once('data', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

test('a node does not start with files it could not be believed with', async () => {
  const tls = await authority.issue('a');
  const other = await authority.issue('b');
  const load = (changed: Partial<NonNullable<Tls>>) =>
    loadCredentials(TransportGrpcConfig.parse({ tls: { ...tls, ...changed } }), 'a', parts);
  await expect(load({})).resolves.toMatchObject({ client: expect.anything() });
  for (const changed of [
    { cert: other.cert, key: other.key },
    { key: other.key },
    { ca: '/nowhere/ca.pem' },
    { cert: (tls.key as { file: string }).file },
  ]) {
    await expect(load(changed)).rejects.toMatchObject({ code: 'TLS_INVALID' });
  }
});
