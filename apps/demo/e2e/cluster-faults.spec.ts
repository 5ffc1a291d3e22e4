import { connect, type CaissonClient } from '@caisson/client';
import { agreeingDigests, ClusterPlayground, LOOPBACK, severable, type ClusterNode } from '../src/index.js';

const WAIT_MS = 120_000;

let playground: ClusterPlayground;
afterEach(() => playground.remove());

async function three(): Promise<readonly [ClusterNode, ClusterNode, ClusterNode]> {
  const n1 = await playground.found('n1');
  return [n1, await playground.join('n2', n1), await playground.join('n3', n1)];
}

async function clientOf(...nodes: readonly ClusterNode[]): Promise<CaissonClient> {
  const tls = await playground.clientTls('app');
  return connect({ address: nodes.map(({ ports }) => ports.client), tls, deadlineMs: 30_000 });
}

async function write(client: CaissonClient, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  await Promise.all(numbers.map((at) => client.put(`key/${String(at).padStart(6, '0')}`, `value ${at}`)));
}

async function count(client: CaissonClient): Promise<number> {
  let pairs = 0;
  for await (const { key, value } of client.scan({ from: 'key/', to: 'key0' })) {
    const at = Number(Buffer.from(key).toString().slice(4));
    if (Buffer.from(value!).toString() === `value ${at}`) pairs++;
  }
  return pairs;
}

async function statesOf(): Promise<Set<string>> {
  const digests = await agreeingDigests(playground);
  return new Set([...digests.values()].map(({ position, digest }) => `${position} ${digest}`));
}

test(
  'a node that was away longer than the log comes back by a snapshot',
  async () => {
    const compaction = { entries: 32, keepEntries: 8, keepBytes: 4096 };
    playground = await ClusterPlayground.create({ changes: { 'engine-raft': { compaction } } });
    const [n1, n2, n3] = await three();
    const client = await clientOf(n1, n2);
    await write(client, 0, 50);
    await n3.end('SIGKILL');
    for (let from = 50; from < 450; from += 10) await write(client, from, from + 10);
    await n3.start();
    const { position } = await playground.digestOf(n1);
    await playground.digestOf(n3, position);
    expect(n3.process.log).toContain('installed a snapshot');
    expect((await statesOf()).size).toBe(1);
    // What it got is its own now: it serves alone with one of the others.
    await n2.end('SIGKILL');
    await write(client, 450, 460);
    expect(await count(client)).toBe(460);
    client.close();
  },
  WAIT_MS,
);

test(
  'all nodes killed at once come back with everything that was acknowledged',
  async () => {
    playground = await ClusterPlayground.create();
    const nodes = await three();
    const client = await clientOf(...nodes);
    await write(client, 0, 300);
    await Promise.all(nodes.map((node) => node.end('SIGKILL')));
    await Promise.all(nodes.map((node) => node.start()));
    expect(await count(client)).toBe(300);
    await write(client, 300, 310);
    expect(await count(client)).toBe(310);
    expect((await statesOf()).size).toBe(1);
    client.close();
  },
  WAIT_MS,
);

test(
  'a node cut off from the others does not stop them, and comes back without an election',
  async () => {
    const wire = await severable();
    process.stdout.write(`  n3 is cut off by ${wire.how}\n`);
    const outside = { ...LOOPBACK, host: wire.outside };
    const inside = {
      host: wire.inside,
      prefix: wire.prefix,
      advertise: (address: string) => wire.advertise(address),
    };
    playground = await ClusterPlayground.create({ place: (name) => (name === 'n3' ? inside : outside) });
    try {
      const [n1, n2] = await three();
      const client = await clientOf(n1, n2);
      await write(client, 0, 50);
      await wire.cut();
      await write(client, 50, 100);
      await wire.heal();
      await write(client, 100, 150);
      // It came back as it went: without an election.
      expect(await playground.leaderBy(n2)).toBe('n1');
      expect((await statesOf()).size).toBe(1);
      expect(await count(client)).toBe(150);
      client.close();
    } finally {
      await wire.remove();
    }
  },
  WAIT_MS,
);
