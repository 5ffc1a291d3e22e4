import { describeKit, type TransportHarness, transportKit } from '@caisson/compliance';
import { Authority } from '../testdata/certificates.js';
import { freePort, type NodeOptions, OTHER_CLUSTER, TestNode } from '../testdata/nodes.js';
import type { TransportGrpcConfig } from './config.js';

const NAMES = ['n1', 'n2', 'n3', 'stranger'];
const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Small enough for a kit to fill. */
const limits = { queueFramesMax: 1000 };
const TOO_MANY_FRAMES = 3000;

/** Three nodes with mutual TLS over wires that can be cut. */
async function harness(): Promise<TransportHarness> {
  const all: TestNode[] = [];
  const start = async (name: string, options: NodeOptions = {}) => {
    const node = await TestNode.start(name, { ...options, config: { tls: issued.get(name), limits } });
    all.push(node);
    return node;
  };
  const [a, b, c] = [await start('n1'), await start('n2'), await start('n3')];
  return {
    nodes: [a, b, c],
    nowhere: `127.0.0.1:${await freePort()}`,
    tooManyFrames: TOO_MANY_FRAMES,
    pass,
    stranger: () => start('stranger', { clusterId: OTHER_CLUSTER }),
    sever: () => [a, b].forEach(({ wire }) => wire.cut()),
    heal: () => [a, b].forEach(({ wire }) => wire.mend()),
    dispose: async () => {
      for (const node of all) await node.stop();
    },
  };
}

const issued = new Map<string, TransportGrpcConfig['tls']>();
let authority: Authority;

beforeAll(async () => {
  authority = await Authority.create();
  for (const name of NAMES) issued.set(name, await authority.issue(name));
});
afterAll(() => authority.remove());

describeKit(transportKit, harness, { describe, it });
