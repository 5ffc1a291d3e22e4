import { z } from 'zod';
import type { Draw, Family, Scene } from './family.js';
import type { Fate } from './fate.js';
import { MemberFault, memberFamily } from './member-faults.js';
import { OrderFault, orderFamily } from './order-faults.js';

const KEY_ORDERS = ['enable-storage', 'enable-raft', 'rotate-storage', 'rotate-raft'] as const;

/** The members change while an order about keys is carried out, when the leader applies the entry of it. */
export const AmidFault = z.strictObject({
  kind: z.literal('amid'),
  order: OrderFault.shape.order.extract(KEY_ORDERS),
  change: MemberFault,
  /** So many entries about keys later. */
  nth: z.number().int().min(1).max(20).default(1),
});
export type AmidFault = z.infer<typeof AmidFault>;

export const amidFamily: Family<AmidFault> = {
  kinds: ['amid'],
  idOf: () => 'M8',
  isRelief: () => false,
  describe: ({ change, order }) => `amid ${order}: ${memberFamily.describe(change)}`,
  perform: ({ change, nth, order }, scene: Scene) => {
    if (!orderFamily.perform({ kind: 'order', order }, scene)) return false;
    const perform = () => {
      if (scene.cluster.isCalm) return;
      scene.tell(memberFamily.describe(change));
      memberFamily.perform(change, scene);
    };
    const entry = order === 'enable-storage' ? 'bootstrap' : 'keys';
    const when = { event: 'applies', node: 'leader', of: entry, nth } as const;
    scene.cluster.moments.arm(when, () => queueMicrotask(perform));
    return true;
  },
};

export const CHANGES: readonly Draw[] = [
  { weight: 2, draw: (fate) => fate.removeLeader() },
  {
    weight: 6,
    draw: (fate) => {
      const order = KEY_ORDERS[fate.integer(KEY_ORDERS.length)]!;
      const change = changeOf(fate);
      return change === undefined ? [] : [{ kind: 'amid', order, change, nth: 1 + fate.integer(2) }];
    },
  },
];

function changeOf(fate: Fate): MemberFault | undefined {
  const [change] = fate.integer(3) === 0 ? fate.transfer() : fate.changeMembers();
  return MemberFault.safeParse(change).data;
}
