import { ManualClock, type TransportHarness, type TransportNode } from '@caisson/compliance';
import type { Clock, NodeIdentity, RaftTransport } from '@caisson/contracts';
import { SimulatedNetwork } from '../network/simulated-network.js';
import { SimulatedWire } from './simulated-wire.js';
import type { Wire } from './wire.js';

const CLUSTER_BYTES = 16;
const [ONE, OTHER] = ['n1:7000', 'n2:7000'] as const;

/** What a transport over a wire is made of. */
export interface WiredNeeds {
  readonly clock: Clock;
  readonly wire: Wire;
  readonly identity: NodeIdentity;
}

export interface WiredParts {
  /** How the transport derives the id of a node from its name. */
  readonly idOf: (name: string) => bigint;
  /** A transport that listens already. */
  readonly create: (needs: WiredNeeds) => RaftTransport;
  /** As `TransportHarness` has it. */
  readonly tooManyFrames: number;
}

/** Three nodes for the transport kit, each with somebody's own transport over a simulated wire. */
export function wiredTransportHarness({ create, idOf, tooManyFrames }: WiredParts): TransportHarness {
  const clock = new ManualClock();
  const network = new SimulatedNetwork({ clock, seed: 1 });
  const start = (name: string, cluster = 1): TransportNode => {
    const peer = { id: idOf(name), name, address: `${name}:7000` };
    const wire = new SimulatedWire(network, { ...peer, clusterId: `${cluster}` });
    const clusterId = new Uint8Array(CLUSTER_BYTES).fill(cluster);
    const identity: NodeIdentity = { name, clusterId, format: 1, birth: 'encrypted' };
    return { peer, transport: create({ clock, wire, identity }) };
  };
  return {
    nodes: [start('n1'), start('n2'), start('n3')],
    nowhere: 'nowhere:7000',
    tooManyFrames,
    pass: async (ms) => {
      for (let passed = 0; passed < ms; passed++) {
        clock.advance(1);
        await clock.turn();
        await clock.turn();
      }
    },
    stranger: async () => start('n9', 2),
    sever: () => {
      network.cut(ONE, OTHER);
      network.cut(OTHER, ONE);
    },
    heal: () => network.healAll(),
  };
}
