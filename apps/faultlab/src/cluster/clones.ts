import { toUtf8 } from '@caisson/base';
import type { Scene } from '../faults/family.js';
import { StormCluster } from './cluster.js';
import { ENGINE } from './engine.js';

const VALUES = 8;

/** Copies of all disks, in a network of their own, write for a while under the eyes of the same ledger. */
export function cloneAll({ cluster, watch }: Scene, ms: number): boolean {
  const { leader } = cluster;
  if (leader === undefined || !cluster.hasSafeNonces) return false;
  const twin = new StormCluster({ ...cluster.likeThis, engine: ENGINE, beside: cluster });
  for (const { disk, name } of cluster.machines)
    twin.addMachine(name).disk.platter.restore(disk.platter.image);
  twin.excuses.coverAll();
  watch(leader, 'copies of all disks', lives(twin, ms));
  return true;
}

/** Starts, writes as soon as somebody leads, and is gone. Whether it comes that far shows nothing. */
export async function lives(cluster: StormCluster, ms: number): Promise<void> {
  for (const machine of cluster.machines) machine.start().catch(() => machine.process?.life.end());
  const untilMs = cluster.clock.monotonicMs() + ms;
  for (let count = 0; cluster.clock.monotonicMs() < untilMs; count++) {
    await cluster.clock.sleep(20);
    const kv = cluster.leader?.process?.kv;
    if (kv === undefined || count >= VALUES) continue;
    const mutations = [{ op: 'put' as const, key: toUtf8('clone'), value: toUtf8(`clone ${count}`) }];
    // A clone has no clients: what it answers is heard by nobody.
    kv.write({ mutations }, {}).catch(() => undefined);
  }
  cluster.end();
}
