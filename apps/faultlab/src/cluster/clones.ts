import { toUtf8 } from '@caisson/base';
import type { Scene } from '../faults/family.js';
import { StormCluster } from './cluster.js';
import { ENGINE } from './engine.js';
import { Machine } from './machine.js';

const VALUES = 8;

/** Copies of all disks, in a network of their own, write for a while under the eyes of the same ledger. */
export function cloneAll({ cluster, tell, watch }: Scene, ms: number): boolean {
  const { leader } = cluster;
  if (leader === undefined || !cluster.hasSafeNonces) return false;
  const twin = new StormCluster({ ...cluster.likeThis, engine: ENGINE, beside: cluster });
  for (const { disk, name } of cluster.machines)
    twin.addMachine(name).disk.platter.restore(disk.platter.image);
  twin.excuses.coverAll();
  watch(
    leader,
    'copies of all disks',
    lives(twin, ms).then((written) => tell(`the copies wrote ${written} values`)),
  );
  return true;
}

/** Starts, writes as soon as somebody leads, and is gone. Answers how often it wrote. */
export async function lives(cluster: StormCluster, ms: number): Promise<number> {
  for (const machine of cluster.machines) machine.start().catch(() => machine.process?.life.end());
  const untilMs = cluster.clock.monotonicMs() + ms;
  let written = 0;
  let isWriting = false;
  while (cluster.clock.monotonicMs() < untilMs) {
    await cluster.clock.sleep(20);
    const kv = cluster.leader?.process?.kv;
    if (kv === undefined || isWriting || written >= VALUES) continue;
    isWriting = true;
    const mutations = [{ op: 'put' as const, key: toUtf8('clone'), value: toUtf8(`clone ${written}`) }];
    const wrote = () => {
      written++;
      isWriting = false;
    };
    // Whoever leads may not be ready to: a clone has no clients that would say so.
    kv.write({ mutations }, {}).then(wrote, () => void (isWriting = false));
  }
  cluster.end();
  return written;
}

/**
 * A copy of one disk runs under the name of its node and beside it, in the same network. Its messages reach
 * the others; what they answer reaches the node that they know. It may disturb nobody.
 *
 * Whoever starts last says where its name is to be found, and members believe the twin until the node starts
 * anew: it ends with its twin, when all is to be calm at the latest.
 */
export function runTwin({ cluster, watch }: Scene, name: string, ms: number): boolean {
  const original = cluster.find(name);
  if (original === undefined || !original.isUp || !cluster.hasSafeNonces) return false;
  const options = cluster.likeThis;
  const shadow = new StormCluster({ ...options, engine: ENGINE, beside: cluster });
  shadow.excuses.coverAll();
  const around = { ...shadow, network: cluster.network };
  const address = `${original.name}:${TWIN_PORT + options.seed}`;
  const twin = new Machine({ ...options, name: original.name, joined: true, address }, around);
  twin.disk.platter.restore(original.disk.platter.image);
  const { process } = original;
  const isOver = () => cluster.isCalm || (left -= STEP_MS) < 0;
  let left = ms;
  const ended = lived(twin, shadow, isOver).then(() => process?.life.end());
  watch(original, 'its twin', ended);
  return true;
}

const TWIN_PORT = 9000;

/** How often it is asked whether its time is over. */
const STEP_MS = 10;

async function lived(twin: Machine, shadow: StormCluster, isOver: () => boolean): Promise<void> {
  twin.start().catch(() => twin.process?.life.end());
  while (!isOver()) await shadow.clock.sleep(STEP_MS);
  twin.process?.life.end();
  shadow.end();
}
