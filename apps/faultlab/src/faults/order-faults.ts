import {
  BackupService,
  type CallContext,
  EncryptionService,
  KeyLifecycleService,
  type KeyProgress,
} from '@caisson/contracts';
import { z } from 'zod';
import type { Machine } from '../cluster/machine.js';
import type { Draw, Family, Scene } from './family.js';
import { nodeOrPart as node } from './names.js';

const ORDERS = [
  'enable-storage',
  'enable-raft',
  'rotate-storage',
  'rotate-raft',
  'rewrap',
  'rewrite',
  'verify',
  'scrub',
  'suspend',
  'erase',
  'resume',
  'seal-mode',
  'snapshot',
  'backup',
] as const;
type OrderName = (typeof ORDERS)[number];

/** What operators order while users write. Without a node, of the leader. */
export const OrderFault = z.strictObject({
  kind: z.literal('order'),
  order: z.enum(ORDERS),
  node: node.optional(),
});
export type OrderFault = z.infer<typeof OrderFault>;

const IDS: Readonly<Record<OrderName, string>> = {
  'enable-storage': 'O1',
  'enable-raft': 'O1',
  'rotate-storage': 'O2',
  'rotate-raft': 'O2',
  rewrap: 'O3',
  rewrite: 'O4',
  verify: 'O3',
  scrub: 'O9',
  suspend: 'O5',
  erase: 'O5',
  resume: 'O5',
  'seal-mode': 'O1',
  snapshot: 'O10',
  backup: 'O7',
};

export const orderFamily: Family<OrderFault> = {
  kinds: ['order'],
  idOf: ({ order }) => IDS[order],
  isRelief: () => false,
  describe: ({ node: name = 'the leader', order }) => `${name} is ordered to ${order}`,
  perform,
};

function perform({ node: name = 'leader', order }: OrderFault, scene: Scene): boolean {
  const machine = scene.cluster.find(name);
  if (machine?.takesOrders !== true) return false;
  if (!scene.cluster.isEncrypted && order !== 'snapshot' && order !== 'backup') return false;
  const keyId = keyFor(order, machine);
  if (keyId === undefined) return false;
  scene.watch(machine, order, carryOut(order, machine, { scene, keyId }));
  return true;
}

/** The oldest key that is in the state that the order is about; 0 for orders about none. */
function keyFor(order: OrderName, machine: Machine): number | undefined {
  const wanted = { suspend: 'retiring', erase: 'suspended', resume: 'suspended' }[order as string];
  if (wanted === undefined) return 0;
  const { keys } = machine.process!.host.get(EncryptionService).status();
  return keys.find(({ state }) => state === wanted)?.keyId;
}

interface Order {
  readonly scene: Scene;
  readonly keyId: number;
}

async function carryOut(order: OrderName, machine: Machine, { keyId, scene }: Order): Promise<void> {
  const { cluster } = scene;
  const limit = new AbortController();
  const context: CallContext = { signal: limit.signal };
  const { host } = machine.process!;
  const keys = host.get(KeyLifecycleService);
  const follow = async (steps: AsyncIterable<KeyProgress>) => {
    for await (const progress of steps) {
      cluster.ears.hear('an answer to an operator', progress);
      cluster.moments.happens('orders', machine.name, progress.step);
    }
  };
  switch (order) {
    case 'enable-storage':
      return follow(keys.enableStorageEnvelope({}, context));
    case 'enable-raft':
      return follow(keys.enableRaftEnvelope({}, context));
    case 'rotate-storage':
      return follow(keys.rotate({ purpose: 'storage' }, context));
    case 'rotate-raft':
      return follow(keys.rotate({ purpose: 'raft' }, context));
    case 'rewrap':
      return follow(keys.rewrap({}, context));
    case 'rewrite':
      cluster.ears.hear('an answer to an operator', await keys.rewrite({ action: 'start' }, context));
      return;
    case 'verify':
      cluster.ears.hear('an answer to an operator', await keys.verify(context));
      cluster.ears.hear('an answer to an operator', await keys.status({}, context));
      return;
    case 'scrub':
      return follow(keys.scrub({}, context));
    case 'suspend':
      return follow(keys.retire({ keyId }, context));
    case 'erase':
      return follow(keys.retire({ keyId, erase: true }, context));
    case 'resume':
      return follow(keys.resume({ keyId }, context));
    case 'seal-mode':
      return follow(keys.sealMode({}, context));
    case 'snapshot':
      await machine.engine.takeSnapshot(1);
      return;
    case 'backup':
      for await (const { bytes } of host.get(BackupService).create(context)) {
        cluster.ears.look('a backup', bytes);
        if (cluster.isEncrypted && cluster.ears.holdsValue(bytes))
          cluster.findings.add('E5', 'a backup holds a value as it is');
      }
  }
}

const WEIGHTS: Readonly<Record<OrderName, number>> = {
  'enable-storage': 3,
  'enable-raft': 3,
  'rotate-storage': 6,
  'rotate-raft': 6,
  rewrap: 3,
  rewrite: 4,
  verify: 2,
  scrub: 2,
  suspend: 4,
  erase: 4,
  resume: 1,
  'seal-mode': 1,
  snapshot: 4,
  backup: 2,
};

export const ORDERED: readonly Draw[] = ORDERS.map((order) => ({
  weight: WEIGHTS[order],
  draw: (fate) => {
    const isOfLeader = order !== 'rewrite' && order !== 'snapshot' && order !== 'backup';
    if (isOfLeader) return [{ kind: 'order', order }];
    return fate.onOne((name) => [{ kind: 'order', order, node: name }]);
  },
}));
