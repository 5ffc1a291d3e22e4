import { connect } from '@caisson/client';
import { ClusterPlayground, type ClusterNode, findCorpus, keyOf, searchDisk } from '../src/index.js';

const LINES = 400;
const BATCH_LINES = 50;

let playground: ClusterPlayground;
beforeEach(async () => void (playground = await ClusterPlayground.create({ birth: 'clear' })));
afterEach(() => playground.remove());

async function order(node: ClusterNode, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await playground.run(node, ...words, '--json');
  if (exitCode !== 0) throw new RangeError(`${words.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function write(node: ClusterNode, lines: readonly string[]): Promise<void> {
  const client = connect({ address: node.ports.client, tls: await playground.clientTls('app') });
  try {
    for (let first = 0; first < lines.length; first += BATCH_LINES) {
      const mutations = lines.slice(first, first + BATCH_LINES).map((line, at) => ({
        op: 'put' as const,
        key: Buffer.from(keyOf(first + at)),
        value: Buffer.from(line),
      }));
      await client.write({ mutations });
    }
  } finally {
    client.close();
  }
}

async function foundOn(node: ClusterNode, lines: readonly string[]): Promise<number> {
  return (await searchDisk(node.dataDir, lines)).found;
}

test('no clear value is on any disk after rewriting and both cutovers, and an order that is repeated keeps it so', async () => {
  const { lines } = await findCorpus(LINES);
  const n1 = await playground.found('n1');
  const n2 = await playground.join('n2', n1);
  const n3 = await playground.join('n3', n1, '--learner');
  const nodes = [n1, n2, n3];
  await write(n1, lines);
  for (const node of nodes) {
    const { position } = await playground.digestOf(n1);
    await playground.digestOf(node, position);
    expect(await foundOn(node, lines)).toBeGreaterThan(LINES / 2);
  }

  await order(n1, 'encryption', 'enable-storage-envelope');
  for (const node of nodes)
    expect(await order(node, 'encryption', 'rewrite', '--wait', '--rate', '0')).toMatchObject({
      nodes: [{ state: 'finished' }],
    });
  for (const node of nodes) expect((await searchDisk(`${node.dataDir}/groups/1/store`, lines)).found).toBe(0);
  for (const node of nodes) expect(await foundOn(node, lines)).toBeGreaterThan(0);

  const steps = await playground.run(n2, 'encryption', 'enable-raft-envelope');
  expect(steps.exitCode).toBe(0);
  expect(steps.stderr).toMatch(/n1 is done, n2 is done, n3 is done/);
  for (const node of nodes) expect({ [node.name]: await foundOn(node, lines) }).toEqual({ [node.name]: 0 });

  await n3.end('SIGTERM');
  const incomplete = await playground.run(n1, 'encryption', 'scrub', '--json');
  expect(incomplete.exitCode).toBe(75);
  expect(incomplete.stdout + incomplete.stderr).toMatch(/SCRUB_INCOMPLETE[\s\S]*n3: UNAVAILABLE/);
  await n3.start();
  await playground.ops(n3, 'status', '--wait');
  await order(n1, 'encryption', 'enable-raft-envelope');
  await order(n3, 'encryption', 'scrub');
  await write(n2, lines);
  for (const node of nodes) expect(await foundOn(node, lines)).toBe(0);
}, 240_000);
