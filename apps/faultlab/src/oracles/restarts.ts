import { fingerprintOf } from '@caisson/simulator';
import { StormCluster } from '../cluster/cluster.js';
import { ENGINE } from '../cluster/engine.js';
import type { Machine } from '../cluster/machine.js';
import { TextLedger } from '../ledger/seal-ledger.js';
import { differences, readReplica, type Replica } from './digest.js';

const START_MS_MAX = 5000;
/** Long enough to replay what the log has, too short to campaign. */
const AFTER_MS = 100;

interface Outcome {
  readonly replica: Replica | undefined;
  readonly disk: string;
}

/**
 * Starts two copies of a node from copies of its disk, each alone and with the same chance: what they come to
 * must be the same, in their stores and on their disks.
 */
export async function compareRestarts(cluster: StormCluster, machine: Machine): Promise<void> {
  const { findings } = cluster;
  const options = { ...cluster.likeThis, engine: ENGINE, beside: cluster };
  const copies = [0, 1].map(() => new StormCluster({ ...options, ledger: new TextLedger() }));
  const names = cluster.machines.map((each) => each.name);
  const outcomes = await Promise.all(copies.map((copy) => restarted(copy, machine, names)));
  for (const copy of copies) copy.end();
  const [one, other] = outcomes as [Outcome, Outcome];
  findings.saw('R9', one.replica !== undefined);
  if ((one.replica === undefined) !== (other.replica === undefined)) {
    findings.add('R9', `${machine.name} starts from one copy of its disk, and not from another`);
    return;
  }
  if (one.replica !== undefined && other.replica !== undefined) {
    const [difference] = differences(one.replica, other.replica);
    const isSame = difference === undefined && one.replica.applied === other.replica.applied;
    if (!isSame) findings.add('R9', `${machine.name} started twice holds two things: ${difference}`);
  }
  if (one.disk !== other.disk) findings.add('R9', `${machine.name} started twice leaves two disks`);
}

async function restarted(
  copy: StormCluster,
  { disk, name }: Machine,
  names: readonly string[],
): Promise<Outcome> {
  for (const other of names) copy.addMachine(other);
  const twin = copy.machine(name);
  copy.excuses.coverAll();
  twin.disk.platter.restore(disk.platter.image);
  let isOver = false;
  void twin.start().then(
    () => (isOver = true),
    () => (isOver = true),
  );
  for (let waited = 0; waited < START_MS_MAX && !isOver; waited += 10) await copy.clock.sleep(10);
  await copy.clock.sleep(AFTER_MS);
  const replica = twin.isUp ? await readReplica(twin) : undefined;
  return { replica, disk: fingerprintOf(twin.disk.platter.image) };
}
