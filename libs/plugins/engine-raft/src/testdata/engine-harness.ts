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
