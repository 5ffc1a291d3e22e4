import { connect, type CaissonClient } from '@caisson/client';
import { randomBytes } from 'node:crypto';
import { ClusterPlayground, Playground, type ClusterNode, type NodeProcess } from '../src/index.js';

const SOFT = 256 * 1024;
const VALUE_BYTES = 8 * 1024;

interface KeysShown {
  readonly groups: readonly { readonly activeStorageKey: number; readonly activeRaftKey: number }[];
  readonly keys: readonly { readonly keyId: number; readonly state: string }[];
}

let cluster: ClusterPlayground | undefined;
let playground: Playground | undefined;
let client: CaissonClient | undefined;
afterEach(async () => {
  client?.close();
  await cluster?.remove();
  await playground?.remove();
});

async function keysOf(node: ClusterNode): Promise<KeysShown> {
  const { stdout } = await cluster!.run(node, 'encryption', 'status', '--json');
  return JSON.parse(stdout) as KeysShown;
}

/** Writes until both keys that are active now have been replaced; answers what was written. */
async function wearOut(
  nodes: readonly ClusterNode[],
  name: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const written = new Map<string, Uint8Array>();
  const [before] = (await keysOf(nodes[0]!)).groups;
  for (let round = 0; round < 60; round++) {
    for (let at = 0; at < 8; at++) {
      const [key, value] = [`${name}-${round}-${at}`, randomBytes(VALUE_BYTES)];
      await client!.put(key, value);
      written.set(key, value);
    }
    const [now] = (await keysOf(nodes[round % nodes.length]!)).groups;
    const isReplaced = (key: 'activeStorageKey' | 'activeRaftKey') => now![key] !== before![key];
    if (isReplaced('activeStorageKey') && isReplaced('activeRaftKey')) return written;
  }
  throw new RangeError('the keys were not replaced');
}

test('worn out keys are replaced without an order, also after the leader died, and everything stays readable', async () => {
  cluster = await ClusterPlayground.create({
    changes: { 'applier-encryption': { usage: { softBytes: SOFT, hardBytes: 64 * SOFT, saltBytes: 4096 } } },
  });
  const n1 = await cluster.found('n1');
  const n2 = await cluster.join('n2', n1);
  const n3 = await cluster.join('n3', n1);
  const address = [n1, n2, n3].map(({ ports }) => ports.client);
  client = connect({ address, tls: await cluster.clientTls('app'), deadlineMs: 60_000 });
  const first = await wearOut([n1, n2, n3], 'first');
  const leader = await cluster.leaderBy(n1);
  const dead = [n1, n2, n3].find(({ name }) => name === leader)!;
  const alive = [n1, n2, n3].filter((node) => node !== dead);
  await dead.end('SIGKILL');
  // A member that is away stands in the way of a rotation; writes go on.
  const meanwhile = randomBytes(VALUE_BYTES);
  await client.put('meanwhile', meanwhile);
  await dead.start();
  const second = await wearOut(alive, 'second');
  for (const [key, value] of [...first, ...second, ['meanwhile', meanwhile] as const]) {
    expect(Buffer.from((await client.get(key)) ?? [])).toEqual(Buffer.from(value));
  }
}, 240_000);

async function metricsOf(node: NodeProcess): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://${node.adminAddress}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('caisson_encryption_'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice('caisson_encryption_'.length, end), Number(line.slice(end + 1))] as const;
    }),
  );
}

test('a running node tells what its keys are used for', async () => {
  playground = await Playground.create();
  const node = await playground.start();
  expect((await playground.cli(node, 'put', 'a', 'a value')).exitCode).toBe(0);
  const rotated = await playground.cli(node, 'encryption', 'rotate-dek', '--purpose', 'storage');
  expect(rotated.exitCode).toBe(0);
  expect((await playground.cli(node, 'put', 'b', 'another value')).exitCode).toBe(0);
  expect((await playground.cli(node, 'encryption', 'rewrite', '--wait')).exitCode).toBe(0);
  const { stdout } = await playground.cli(node, 'encryption', 'status', '--json');
  const { groups, keys } = JSON.parse(stdout) as KeysShown;
  const { activeStorageKey, activeRaftKey } = groups[0]!;
  const retiring = keys.find(({ state }) => state === 'retiring')!.keyId;
  const metrics = await metricsOf(node);
  expect(metrics.get('active_dek_id{purpose="storage"}')).toBe(activeStorageKey);
  expect(metrics.get('active_dek_id{purpose="raft"}')).toBe(activeRaftKey);
  expect(metrics.get(`writes_per_dek{key_id="${retiring}"}`)).toBeGreaterThanOrEqual(1);
  expect(metrics.get(`writes_per_dek{key_id="${activeStorageKey}"}`)).toBeGreaterThanOrEqual(2);
  expect(metrics.get(`values_per_dek{key_id="${activeStorageKey}"}`)).toBe(2);
  expect(metrics.get(`values_per_dek{key_id="${retiring}"}`)).toBe(0);
  expect(metrics.get(`last_proposed_index_per_raft_dek{key_id="${activeRaftKey}"}`)).toBeGreaterThan(0);
  expect(metrics.get('value_overhead_bytes')).toBe(50);
  expect(metrics.get('kek_unwrap_seconds_count{provider="file"}')).toBeGreaterThan(0);
  expect(metrics.get('sidecar_raft_index')).toBeGreaterThan(0);
  expect(metrics.get('decrypt_failures_total{reason="ENCRYPTED_READ_INTEGRITY"}')).toBe(0);
}, 60_000);
