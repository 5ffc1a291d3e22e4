import { encodeCount, ManualClock, SeededRandom } from '@caisson/compliance';
import type { Logger } from '@caisson/contracts';
import { encodeClearProposal, encodeGenesis } from '@caisson/formats';
import { EngineSingleConfig, SingleEngine } from '@caisson/engine-single';
import { Cluster, type TestNode } from '../src/testdata/cluster.js';

const logger: Logger = { log: () => undefined, child: () => logger };
const config = EngineSingleConfig.parse({ compaction: { entries: 30, keepEntries: 5 } });

/** What the engine without peers leaves behind after so many writes. */
async function lived(node: TestNode, writes: number): Promise<void> {
  const { counters, encryption, logs } = node;
  const services = { logs, encryption, directory: node.directory, appliers: [counters], logger };
  const engine = new SingleEngine(
    config,
    { ...services, clock: new ManualClock(), random: new SeededRandom(), meter: undefined },
    { degraded: () => undefined, recovered: () => undefined, fatal: (error) => void node.faults.push(error) },
  );
  await engine.start();
  for (let write = 0; write < writes; write++) {
    await engine.group(1).propose(encodeCount('a', 1), { source: 'user' });
  }
  await engine.stop();
}

describe('a directory of the engine without peers', () => {
  let cluster: Cluster;
  afterEach(() => cluster.dispose());

  for (const writes of [0, 10, 100]) {
    it(`opens as a cluster of one after ${writes} writes, and grows`, async () => {
      cluster = new Cluster();
      const node = cluster.prepare('n1');
      await lived(node, writes);
      await node.start();
      expect(node.group.status()).toMatchObject({ leads: true, members: [{ name: 'n1', role: 'voter' }] });
      expect(await node.count('a')).toBe(writes);
      const second = await cluster.grow('n2');
      await cluster.add('a', 1);
      await cluster.converged();
      expect(await second.count('a')).toBe(writes + 1);
      await node.kill();
      await node.start();
      await cluster.add('a', 1);
      expect(await node.count('a')).toBe(writes + 2);
    });
  }

  it('that names no founder feeds others with a snapshot, since they could not tell whose it is', async () => {
    cluster = new Cluster();
    const node = cluster.prepare('n1');
    const { clusterId, format } = node.identity;
    const data = encodeClearProposal(7n, encodeGenesis({ clusterId, group: 1, format }));
    const log = await node.logs.open('/groups/1/log');
    const entries = [{ index: 1, term: 1, kind: 'normal' as const, data }];
    await log.append({ entries, hardState: { term: 1, vote: 1n, commit: 0 } });
    await log.close();
    await lived(node, 3);
    await node.start();
    const second = await cluster.grow('n2');
    expect(second.snapshots.installed).toBe(1);
    expect(await second.count('a')).toBe(3);
  });
});
