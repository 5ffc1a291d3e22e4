import { SeededRandom } from '@caisson/compliance';
import { SimulatedDisk } from '@caisson/simulator';
import type { Scene } from '../faults/family.js';
import { lives } from './clones.js';
import { StormCluster } from './cluster.js';
import { ENGINE } from './engine.js';
import type { Machine } from './machine.js';
import { backUp, placeOf, restoreInto } from './second-cluster.js';

/** A backup of whoever leads becomes a cluster of its own, and both write. */
export function secondCluster({ cluster, tell, watch }: Scene, ms: number): boolean {
  const { leader } = cluster;
  if (leader === undefined || !cluster.hasSafeNonces) return false;
  watch(
    leader,
    'a second cluster',
    restored(cluster, leader, ms).then((written) => tell(`the second cluster wrote ${written} values`)),
  );
  return true;
}

async function restored(cluster: StormCluster, leader: Machine, ms: number): Promise<number> {
  const vault = new SimulatedDisk();
  const { host } = leader.process!;
  await backUp({ ...placeOf(leader), host, clock: leader.equipment.time }, vault);
  const random = new SeededRandom(cluster.likeThis.seed);
  const clusterId = random.bytes(16);
  const second = new StormCluster({ ...cluster.likeThis, clusterId, engine: ENGINE, beside: cluster });
  const target = second.addMachine('restored');
  const keks = await second.keksOn(target, random);
  await restoreInto(placeOf(target), vault, { keks, random, nowMs: cluster.clock.nowMs() });
  second.excuses.coverAll();
  return lives(second, ms);
}
