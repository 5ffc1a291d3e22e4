import { SeededRandom } from '@caisson/compliance';
import { KeyLifecycleService } from '@caisson/contracts';
import { z } from 'zod';
import type { Machine } from '../cluster/machine.js';
import { epochsOn } from '../cluster/sidecar-epochs.js';
import { resync, SIDECAR_LOSSES, startOver, startOverStranger } from '../cluster/sidecars.js';
import type { Draw, Family, Scene } from './family.js';
import type { Fault } from './fault.js';
import type { Fate } from './fate.js';
import { nodeOrPart as node } from './names.js';

/** What people do to the files by which a node has its keys. */
export const CustodyFault = z.discriminatedUnion('kind', [
  /** The file of the key has other bytes, or the right ones again; whoever runs has read it already. */
  z.strictObject({ kind: z.literal('keyFile'), node, holds: z.enum(['other', 'right']) }),
  /** The node is told to read its keys again. */
  z.strictObject({ kind: z.literal('reloadKeys'), node }),
  /** The sidecar of another member, or of a node of the same name in another cluster; then a start. */
  z.strictObject({
    kind: z.literal('foreignSidecar'),
    node,
    of: z.union([node, z.literal('elsewhere')]),
  }),
  /** The node is stopped, its sidecar spoiled and made anew, and the node started. */
  z.strictObject({ kind: z.literal('resync'), node, sidecar: z.enum(SIDECAR_LOSSES) }),
]);
export type CustodyFault = z.infer<typeof CustodyFault>;

type Of<K extends CustodyFault['kind']> = Extract<CustodyFault, { kind: K }>;

const IDS: Readonly<Record<CustodyFault['kind'], string>> = {
  keyFile: 'K7',
  reloadKeys: 'K7',
  foreignSidecar: 'K10',
  resync: 'O6',
};

export const custodyFamily: Family<CustodyFault> = {
  kinds: Object.keys(IDS) as CustodyFault['kind'][],
  idOf: ({ kind }) => IDS[kind],
  isRelief: (fault) => fault.kind === 'keyFile' && fault.holds === 'right',
  describe: (fault) => {
    if (fault.kind === 'keyFile') return `the key file of ${fault.node} holds ${fault.holds} bytes`;
    if (fault.kind === 'reloadKeys') return `${fault.node} is told to read its keys again`;
    if (fault.kind === 'foreignSidecar') return `${fault.node} gets the sidecar of ${fault.of}`;
    return `the sidecar of ${fault.node} is ${fault.sidecar}, and made anew`;
  },
  perform: (fault, scene) => {
    const machine = scene.cluster.find(fault.node);
    if (machine === undefined || !scene.cluster.isEncrypted || scene.cluster.keys.isOwn) return false;
    if (fault.kind === 'keyFile') return replaceKey(fault, machine, scene);
    if (fault.kind === 'reloadKeys') return reload(machine, scene);
    // Under envelope 1 only its own sidecar keeps a node from a nonce that it had before.
    if (!scene.cluster.hasSafeNonces || epochsOn(machine.disk.platter.image).size === 0) return false;
    return fault.kind === 'resync' ? makeAnew(fault, machine, scene) : exchange(fault, machine, scene);
  },
};

function replaceKey({ holds }: Of<'keyFile'>, { equipment, name }: Machine, { cluster }: Scene): boolean {
  const hasOtherKey = holds === 'other';
  const isNews = equipment.hasOtherKey !== hasOtherKey;
  equipment.hasOtherKey = hasOtherKey;
  cluster.excuses.add(name, ['KEK_MISMATCH', 'KEK_BLOB_CORRUPT']);
  return isNews;
}

function reload(machine: Machine, { watch }: Scene): boolean {
  if (!machine.takesOrders) return false;
  const { signal } = new AbortController();
  const keys = machine.process!.host.get(KeyLifecycleService);
  watch(machine, 'reading its keys', keys.reloadKeks({}, { signal }));
  return true;
}

function exchange({ of }: Of<'foreignSidecar'>, machine: Machine, scene: Scene): boolean {
  const { cluster, watch } = scene;
  cluster.excuses.add(machine.name, SIDECAR_CODES);
  if (of === 'elsewhere') {
    if (machine.process === undefined) return false;
    const random = new SeededRandom(cluster.likeThis.seed);
    watch(machine, 'a stranger', startOverStranger(scene, machine, random));
    return true;
  }
  const other = cluster.find(of);
  if (other === undefined || other === machine || epochsOn(other.disk.platter.image).size === 0) return false;
  kill(machine, scene);
  startOver(scene, machine, other.disk.platter.image);
  return true;
}

const SIDECAR_CODES = [
  'CLUSTER_MISMATCH',
  'SIDECAR_CORRUPT',
  'SIDECAR_BEHIND_RAFT_LOG',
  'SIDECAR_GAP',
  'LOCAL_EPOCH_ROLLBACK',
  'KEY_CONFLICT',
  'ENVELOPE_CUTOVER_DIVERGENCE',
] as const;

function makeAnew({ sidecar: loss }: Of<'resync'>, machine: Machine, scene: Scene): boolean {
  const { cluster, start, tell, watch } = scene;
  const isAlone = cluster.members.length === 1;
  kill(machine, scene);
  const madeAnew = async () => {
    const leader = isAlone ? undefined : await anotherLeader(machine, scene);
    if (cluster.isCalm || (leader === undefined && !isAlone)) return tell('nobody knows its epochs');
    const { signal } = new AbortController();
    if (leader?.takesOrders === false) return tell('nobody knows its epochs');
    const keys = leader?.process?.host.get(KeyLifecycleService);
    const seen = (await keys?.registeredEpochs(machine.name, { signal })) ?? [];
    if (machine.process !== undefined || cluster.isCalm) return tell('it runs meanwhile');
    await resync(scene, machine, { loss, seen });
    if (machine.process === undefined && !cluster.isCalm) start(machine);
  };
  watch(machine, 'resync', madeAnew());
  return true;
}

/** Whoever leads while the machine is down; undefined where nobody does for long. */
async function anotherLeader({ name }: Machine, { cluster }: Scene): Promise<Machine | undefined> {
  for (let tries = 0; tries < LEADER_TRIES && !cluster.isCalm; tries++) {
    if (cluster.leader !== undefined && cluster.leader.name !== name) return cluster.leader;
    await cluster.clock.sleep(LEADER_PAUSE_MS);
  }
  return undefined;
}

const LEADER_TRIES = 40;
const LEADER_PAUSE_MS = 50;

function kill({ disk, process }: Machine, { doomed }: Scene): void {
  if (process === undefined) return;
  disk.nextEnd = 'process';
  doomed.delete(process.life);
  process.life.end();
}

function drawSidecar(fate: Fate): readonly Fault[] {
  const [sidecar, coin] = [SIDECAR_LOSSES[fate.integer(SIDECAR_LOSSES.length)]!, fate.integer(4)];
  const [other] = fate.shuffledNames();
  return fate.onAny((name) => {
    if (coin > 1) return [{ kind: 'resync', node: name, sidecar }];
    const isOther = coin === 1 && other !== undefined && other !== name;
    return [{ kind: 'foreignSidecar', node: name, of: isOther ? other : 'elsewhere' }];
  });
}

export const CUSTODY: readonly Draw[] = [
  { weight: 4, draw: (fate) => fate.onAny((name) => [{ kind: 'keyFile', node: name, holds: 'other' }]) },
  { weight: 8, draw: (fate) => fate.onAny((name) => [{ kind: 'keyFile', node: name, holds: 'right' }]) },
  { weight: 5, draw: (fate) => fate.onOne((name) => [{ kind: 'reloadKeys', node: name }]) },
  { weight: 8, draw: drawSidecar },
];
