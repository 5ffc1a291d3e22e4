import { isCaissonError } from '@caisson/contracts';
import { z } from 'zod';
import type { Draw, Family, Scene } from './family.js';
import { node } from './names.js';

export const MemberFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('transfer'), to: node }),
  z.strictObject({ kind: z.literal('addLearner'), node }),
  z.strictObject({ kind: z.literal('promote'), node }),
  z.strictObject({ kind: z.literal('remove'), node: z.union([node, z.literal('leader')]) }),
  /** The machine gets disks with nothing on them; done to one that is no member any more. */
  z.strictObject({ kind: z.literal('wipe'), node }),
]);
export type MemberFault = z.infer<typeof MemberFault>;

const HANDOVERS_MAX = 20;
const HANDOVER_MS = 50;

type Order = Extract<MemberFault, { kind: 'addLearner' | 'promote' | 'remove' }>;

const IDS: Readonly<Record<MemberFault['kind'], string>> = {
  transfer: 'M6',
  addLearner: 'M1',
  promote: 'M2',
  remove: 'M3',
  wipe: 'M4',
};

export const memberFamily: Family<MemberFault> = {
  kinds: Object.keys(IDS) as MemberFault['kind'][],
  idOf: (fault) => (fault.kind === 'remove' && fault.node === 'leader' ? 'M7' : IDS[fault.kind]),
  isRelief: () => false,
  describe: (fault) => {
    if (fault.kind === 'transfer') return `the leader hands over to ${fault.to}`;
    if (fault.kind === 'wipe') return `${fault.node} gets empty disks`;
    return `the leader is to ${fault.kind} ${fault.node}`;
  },
  perform: (fault, scene) => {
    if (fault.kind === 'transfer') return transfer(fault.to, scene);
    return fault.kind === 'wipe' ? wipe(fault.node, scene) : order(fault, scene);
  },
};

function transfer(to: string, { cluster, watch }: Scene): boolean {
  const { leader } = cluster;
  if (leader === undefined) return false;
  watch(leader, `transfer to ${to}`, leader.engine.transferLeadership(1, to));
  return leader.name !== to;
}

function wipe(name: string, { cluster }: Scene): boolean {
  const machine = cluster.find(name);
  const isMember = cluster.members.some((member) => member.name === name);
  if (machine === undefined || isMember) return false;
  machine.process?.life.end();
  cluster.replaceMachine(name);
  return true;
}

function order({ kind, node: asked }: Order, scene: Scene): boolean {
  const { cluster, start, watch } = scene;
  const { leader } = cluster;
  if (leader === undefined) return false;
  const { engine } = leader;
  if (kind !== 'addLearner') {
    const name = asked === 'leader' ? leader.name : asked;
    const work = asked === 'leader' ? leaderRemoved(name, scene) : engine.changeMembership(1, { kind, name });
    watch(leader, `${kind} ${name}`, work);
    return true;
  }
  const fresh = cluster.find(asked) ?? cluster.addMachine(asked);
  if (fresh.process === undefined) start(fresh);
  const { address, name } = fresh;
  const change = { kind, name, address, clientAddress: `${name}:8000` };
  watch(leader, `${kind} ${name}`, engine.changeMembership(1, change));
  return true;
}

/** A leader that is to go hands over, and whoever leads then is to remove it. */
async function leaderRemoved(name: string, { cluster }: Scene): Promise<void> {
  for (let tries = 0; tries < HANDOVERS_MAX && !cluster.isCalm; tries++) {
    const { leader } = cluster;
    try {
      if (leader !== undefined) {
        const removed = leader.engine.changeMembership(1, { kind: 'remove', name });
        // A leader that is gone answers nobody.
        return await Promise.race([removed, leader.process!.life.ended]);
      }
      await cluster.clock.sleep(HANDOVER_MS);
    } catch (error) {
      if (!isCaissonError(error, 'NOT_LEADER')) throw error;
      await cluster.clock.sleep(HANDOVER_MS);
    }
  }
}

export const MEMBERS: readonly Draw[] = [
  { weight: 10, draw: (fate) => fate.transfer() },
  { weight: 12, draw: (fate) => fate.changeMembers() },
];

export const REPLACEMENTS: readonly Draw[] = [
  { weight: 8, draw: (fate) => fate.replaceRemoved() },
  { weight: 2, draw: (fate) => fate.collide() },
];
