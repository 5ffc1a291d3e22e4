import { ManualClock, type TransportHarness, type TransportNode } from '@caisson/compliance';
import type { NodeIdentity } from '../network/port.js';
import { SimulatedNetwork } from '../network/simulated-network.js';
import { SimulatedTransport } from './simulated-transport.js';

const QUEUE_FRAMES = 300;

/** What a mutant of the transport is built from. */
export interface HarnessParts {
  /** Puts something around the transport of a node. */
  readonly around?: (sound: SimulatedTransport, identity: NodeIdentity) => TransportNode['transport'];
  readonly queueFrames?: number;
  readonly strangersCluster?: string;
}

/** Three nodes for the transport kit, on a calm network whose time the kit moves. */
export function simulatedTransportHarness(parts: HarnessParts = {}): TransportHarness {
  const { around = (sound) => sound, queueFrames = QUEUE_FRAMES, strangersCluster = 'theirs' } = parts;
  const clock = new ManualClock();
  const network = new SimulatedNetwork({ clock, seed: 1, queueFrames });
  const start = (id: bigint, clusterId = 'ours'): TransportNode => {
    const identity = { id, name: `n${id}`, address: `n${id}:7000`, clusterId };
    const { name, address } = identity;
    const transport = around(new SimulatedTransport(network, identity), identity);
    return { peer: { id, name, address }, transport };
  };
  const [one, other] = ['n1:7000', 'n2:7000'];
  return {
    nodes: [start(1n), start(2n), start(3n)],
    nowhere: 'nowhere:7000',
    tooManyFrames: 2 * QUEUE_FRAMES,
    pass: async (ms) => {
      for (let passed = 0; passed < ms; passed++) {
        clock.advance(1);
        await clock.turn();
        await clock.turn();
      }
    },
    stranger: async () => start(9n, strangersCluster),
    sever: () => {
      network.cut(one, other);
      network.cut(other, one);
    },
    heal: () => network.healAll(),
  };
}
