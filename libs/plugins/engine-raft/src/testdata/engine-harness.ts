import type { EngineHarness } from '@caisson/compliance';
import { Cluster, type NodeOptions } from './cluster.js';

const SOON: NodeOptions = { config: { compaction: { entries: 4, keepEntries: 1 } } };

/** A cluster of one that knows no others. */
export async function loneHarness(): Promise<EngineHarness> {
  const cluster = new Cluster();
  const node = await cluster.found({ ...SOON, alone: true });
  return {
    get engine() {
      return node.engine;
    },
    group: 1,
    counters: node.counters,
    faults: node.faults,
    restart: async () => {
      await node.stop();
      await node.start();
    },
    crash: async () => {
      await node.kill();
      await node.start();
    },
    admit: (source, refusal) => node.encryption.admit(source, refusal),
    dispose: () => node.stop(),
  };
}

/** A member of a cluster of three: n1, which is made the leader again after every disturbance. */
export async function memberHarness(): Promise<EngineHarness> {
  const cluster = await Cluster.of(3, SOON);
  const node = cluster.node('n1');
  const lead = async (): Promise<void> => {
    const leader = await cluster.elected();
    if (leader !== node) await cluster.settled(leader.engine.transferLeadership(1, 'n1'));
    await cluster.until(() => node.leads);
  };
  await lead();
  return {
    get engine() {
      return node.engine;
    },
    group: 1,
    counters: node.counters,
    faults: node.faults,
    restart: async () => {
      await node.stop();
      await node.start();
      await lead();
    },
    crash: async () => {
      for (const each of cluster.nodes) await each.kill();
      for (const each of cluster.nodes) await each.start();
      await lead();
    },
    admit: (source, refusal) => node.encryption.admit(source, refusal),
    dispose: () => cluster.dispose(),
  };
}
