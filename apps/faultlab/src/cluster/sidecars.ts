import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { DataDirectory, RegisteredEpoch } from '@caisson/contracts';
import type { SeededRandom } from '@caisson/compliance';
import { SidecarRebuild } from '@caisson/encryption';
import { NodeHashes } from '@caisson/platform-node';
import { type DiskImage, DiskStores, isPart, withPart } from '@caisson/simulator';
import type { Scene } from '../faults/family.js';
import { mustRefuseKeys } from '../oracles/refusals.js';
import { StormCluster } from './cluster.js';
import { ENGINE } from './engine.js';
import { LOCK, type Machine } from './machine.js';
import { epochsOn } from './sidecar-epochs.js';

const hashes = new NodeHashes();
const ciphers = [new AesGcmCipher()];
const GROUP = 1;
/** For a stranger to come up and make its keys. */
const STRANGER_MS = 3000;
const POLL_MS = 20;

/** What is done to a sidecar before it is made anew. */
export const SIDECAR_LOSSES = ['lost', 'damaged', 'as it was'] as const;
export type SidecarLoss = (typeof SIDECAR_LOSSES)[number];

/** Puts the sidecar of another disk in the place of the one that is there. */
export function replaceSidecar({ disk }: Machine, other: DiskImage): void {
  disk.platter.restore(withPart(disk.platter.image, other, 'sidecar'));
}

/** A process over the sidecar of another node, until it is seen what it says; a refusal ends with its own. */
export function startOver({ cluster, start, tell }: Scene, machine: Machine, other: DiskImage): void {
  const own = machine.disk.platter.image;
  replaceSidecar(machine, other);
  cluster.forgetDisks(machine.name);
  start(machine);
  const { process } = machine;
  let hasServed = false;
  process!.ready.then(
    () => (hasServed = true),
    () => undefined,
  );
  void process!.life.ended.then(() => {
    if (hasServed) return;
    replaceSidecar(machine, own);
    tell(`${machine.name} has its own sidecar again`);
  });
}

/** The same with the sidecar of a node of the same name in another cluster under the same key. */
export async function startOverStranger(scene: Scene, machine: Machine, random: SeededRandom): Promise<void> {
  const { cluster, doomed, tell } = scene;
  const clusterId = random.bytes(16);
  const options = { ...cluster.likeThis, isBornClear: false, engine: ENGINE, clusterId };
  const stranger = new StormCluster({ ...options, beside: cluster });
  stranger.excuses.coverAll();
  const { disk } = stranger.addMachine(machine.name);
  stranger.machines[0]!.start().catch(() => undefined);
  const untilMs = cluster.clock.monotonicMs() + STRANGER_MS;
  const isKeyed = () => epochsOn(disk.platter.image).size > 0;
  while (!isKeyed() && cluster.clock.monotonicMs() < untilMs) await cluster.clock.sleep(POLL_MS);
  const other = disk.platter.image;
  stranger.end();
  const life = machine.process?.life;
  if (!isKeyed() || cluster.isCalm || life === undefined) return tell('there is no stranger');
  machine.disk.nextEnd = 'process';
  doomed.delete(life);
  life.end();
  startOver(scene, machine, other);
  mustRefuseKeys(machine, cluster.findings);
}

/**
 * What `caisson encryption resync-sidecar` does on a node that does not run, with what a member that does
 * saw registered of it. Where it fails the sidecar is as it was before.
 */
export async function resync(
  { cluster, tell }: Scene,
  machine: Machine,
  { loss, seen }: { readonly loss: SidecarLoss; readonly seen: readonly RegisteredEpoch[] },
): Promise<void> {
  const { disk, directory, name } = machine;
  const { platter } = disk;
  const own = platter.image;
  const hold = await platter.hold(LOCK);
  try {
    spoil(machine, loss);
    cluster.forgetDisks(name);
    const keks = cluster.keys.configuredAt(machine.equipment).map((service) => service.clientOf(name));
    const clock = machine.equipment.time;
    const rebuild = new SidecarRebuild({ directory, disk: platter, keks, ciphers, hashes, clock });
    const stores = await storesOf(machine, directory);
    try {
      const { keys, old } = await rebuild.carryOut(stores, seen);
      tell(`the sidecar of ${name} was ${old}, and has ${keys.length} keys`);
    } finally {
      for (const { store } of stores) await store.close();
    }
  } catch (error) {
    replaceSidecar(machine, own);
    throw error;
  } finally {
    await hold.release();
  }
}

async function storesOf({ disk: { platter } }: Machine, directory: DataDirectory) {
  const path = directory.group(GROUP).store;
  if ((await platter.status(path)) === undefined) return [];
  return [{ id: GROUP, store: await new DiskStores(platter).open(path) }];
}

function spoil(machine: Machine, loss: SidecarLoss): void {
  const { platter } = machine.disk;
  if (loss === 'as it was') return;
  const spoiled = [...platter.image].flatMap(([path, bytes]): [string, Uint8Array | undefined][] => {
    if (!isPart('sidecar', path) || bytes === undefined) return [[path, bytes]];
    return loss === 'lost'
      ? []
      : [[path, bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte))]];
  });
  platter.restore(new Map(spoiled));
}
