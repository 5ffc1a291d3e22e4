import { connect, type CaissonClient } from '@caisson/client';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterPlayground, type ClusterNode } from '../src/index.js';

/** Writes in flight at once while the log is cut over. */
const BURST = 2_000;

let playground: ClusterPlayground;
let client: CaissonClient;
let writer: Writer;
beforeEach(async () => void (playground = await ClusterPlayground.create({ birth: 'clear' })));
afterEach(async () => {
  await writer.stop();
  client.close();
  await playground.remove();
});

async function order(node: ClusterNode, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await playground.run(node, ...words, '--json');
  if (exitCode !== 0) throw new RangeError(`${words.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Writes one pair after the other until it is stopped. Each operation is given a few seconds. */
class Writer {
  readonly written: string[] = [];
  readonly failures: string[] = [];
  #stopped = false;
  readonly #lanes: readonly Promise<void>[];

  constructor() {
    this.#lanes = Array.from({ length: 4 }, (_, lane) => this.#write(lane));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  async #write(lane: number): Promise<void> {
    for (let at = 0; !this.#stopped; at++) {
      const key = `k-${lane}-${at}`;
      await client.put(key, `value of ${key}`).then(
        () => void this.written.push(key),
        ({ code }: { code: string }) => void this.failures.push(code),
      );
      await sleep(20);
    }
  }
}

async function readBack(keys: readonly string[]): Promise<number> {
  let wrong = 0;
  for (let first = 0; first < keys.length; first += 100) {
    const some = keys.slice(first, first + 100);
    const found = await Promise.all(some.map((key) => client.get(key)));
    wrong += found.filter(
      (value, at) => Buffer.from(value ?? []).toString() !== `value of ${some[at]}`,
    ).length;
  }
  return wrong;
}

async function configure(nodes: readonly ClusterNode[], kekPaths: readonly string[]): Promise<void> {
  for (const node of nodes) await node.configure({ 'kek-file': { path: kekPaths } });
}

test('a cluster born clear is sealed, and its keys and its KEK are replaced, under a writer without pause', async () => {
  const n1 = await playground.found('n1');
  const n2 = await playground.join('n2', n1);
  const n3 = await playground.join('n3', n1);
  const nodes = [n1, n2, n3];
  const addresses = nodes.map(({ ports }) => ports.client);
  client = connect({ address: addresses, tls: await playground.clientTls('app'), deadlineMs: 30_000 });
  writer = new Writer();
  await sleep(1_000);

  expect(await order(n2, 'encryption', 'enable-storage-envelope', '--dry-run')).toMatchObject({
    members: ['n1', 'n2', 'n3'],
    planned: [expect.stringContaining('first keys'), expect.stringContaining('sealing')],
  });
  await order(n2, 'encryption', 'enable-storage-envelope');
  const burst = Array.from({ length: BURST }, (_, at) => `burst-${at}`);
  const storm = Promise.all(burst.map((key) => client.put(key, `value of ${key}`)));
  await Promise.all([storm, order(n3, 'encryption', 'enable-raft-envelope')]);
  for (const purpose of ['storage', 'raft'])
    await order(n2, 'encryption', 'rotate-dek', '--purpose', purpose);

  const kek = await playground.makeKek('next.key');
  const [{ keyRef: old }] = (await order(n2, 'kek', 'list'))['keks'] as [{ keyRef: string }];
  await n1.configure({ 'kek-file': { path: [playground.kekPath, kek] } });
  const early = await playground.run(n3, 'kek', 'add', '--json');
  expect(JSON.parse(early.stdout)).toMatchObject({
    error: { code: 'KEK_NOT_IN_CONFIGURATION', details: { nodes: ['n2', 'n3'] } },
  });
  await configure(nodes, [playground.kekPath, kek]);
  expect(await order(n3, 'kek', 'add')).toMatchObject({ members: ['n1', 'n2', 'n3'] });
  for (const node of nodes) expect(await order(node, 'kek', 'verify')).toMatchObject({ verified: true });
  await configure(nodes, [kek]);
  await order(n2, 'kek', 'remove', `file:${old}`);
  await writeFile(playground.kekPath, '');
  for (const node of nodes) expect(await order(node, 'kek', 'verify')).toMatchObject({ verified: true });
  await sleep(500);
  await writer.stop();

  expect(await order(n3, 'encryption', 'status')).toMatchObject({
    birth: 'clear',
    groups: [{ storageEnvelopeActive: true, registered: true }],
    keys: { length: 4 },
  });
  expect(writer.written.length).toBeGreaterThan(300);
  expect(writer.failures.length).toBeLessThan(writer.written.length / 100);
  expect(await readBack([...burst, ...writer.written])).toBe(0);
  const { position } = await playground.digestOf(n1);
  const digests = await Promise.all(nodes.map((node) => playground.digestOf(node, position)));
  expect(new Set(digests.map((digest) => `${digest.position} ${digest.digest}`)).size).toBe(1);
}, 480_000);
