import { connect, type CaissonClient } from '@caisson/client';
import { NodeProcess } from '@caisson/demo';
import { prepareDev } from '@caisson/server';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile, type Bench, type Comparison, type Sample } from '../measure.js';

const CLIENTS = 64;
const VALUE_BYTES = 1024;
const WRITES_PER_RUN = 8_000;
const THROUGHPUT_AT_LEAST = 0.9;
const P99_AT_MOST = 1.1;

interface Run {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** The same server twice, one born encrypted and one clear, written to in turn. */
export const kvEncrypted: Bench = {
  id: 'kv-encrypted',
  compares: 'the same server, fully encrypted against encryption off: 1 KiB puts, 64 at once',
  async run({ scale, pairs }) {
    const folder = await mkdtemp(join(tmpdir(), 'caisson-bench-'));
    const servers = [
      await startServer(join(folder, 'sealed'), true),
      await startServer(join(folder, 'clear'), false),
    ];
    try {
      const [sealed, clear] = servers.map(({ client }) => client);
      const writes = Math.max(CLIENTS, Math.floor(WRITES_PER_RUN * scale));
      const throughput: Sample[] = [];
      const p99: Sample[] = [];
      for (let pair = -1; pair < pairs; pair++) {
        const [ours, theirs] = [await write(sealed!, writes), await write(clear!, writes)];
        if (pair < 0) continue;
        throughput.push({ ours: ours.perSecond, theirs: theirs.perSecond });
        p99.push({ ours: ours.p99Ms, theirs: theirs.p99Ms });
      }
      return comparisons(throughput, p99);
    } finally {
      for (const { client, node } of servers) {
        client.close();
        await node.end('SIGTERM');
      }
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function comparisons(throughput: readonly Sample[], p99: readonly Sample[]): readonly Comparison[] {
  return [
    { name: 'throughput', unit: 'puts/s', samples: throughput, budget: { atLeast: THROUGHPUT_AT_LEAST } },
    { name: 'p99 latency', unit: 'ms', samples: p99, budget: { atMost: P99_AT_MOST } },
  ];
}

async function startServer(folder: string, encrypted: boolean) {
  const { document } = await prepareDev(folder, encrypted ? 'encrypted' : 'clear');
  const config = join(folder, 'caisson.yaml');
  const free = { listen: '127.0.0.1:0' };
  const json = { log: { format: 'json', level: 'info' } };
  await writeFile(
    config,
    JSON.stringify({ ...document, 'platform-node': json, 'gateway-grpc': free, 'admin-http': free }),
  );
  const node = await NodeProcess.start(['run', '--config', config]);
  return { node, client: connect({ address: node.address, deadlineMs: 60_000 }) };
}

async function write(client: CaissonClient, writes: number): Promise<Run> {
  const value = new Uint8Array(randomBytes(VALUE_BYTES));
  const latencies: number[] = [];
  let next = 0;
  const start = performance.now();
  const one = async () => {
    for (;;) {
      const at = next++;
      if (at >= writes) return;
      const sentAt = performance.now();
      await client.put(`bench/${String(at).padStart(8, '0')}`, value);
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
  return { perSecond: (writes * 1000) / (performance.now() - start), p99Ms: percentile(latencies, 0.99) };
}
