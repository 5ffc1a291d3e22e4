import { Secret, type ClusterService, type KvService } from '@caisson/contracts';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { GatewayParts } from '../index.js';

const encryption = {
  status: () => ({
    enabled: true,
    birth: 'encrypted',
    envelopeVersion: 1,
    fullNodeId: 1n,
    keys: [],
    groups: [],
  }),
};
const logger = { log: () => undefined, child: () => logger };

/** What a gateway needs, as little of it as answers calls. Every secret is `s3cret`. */
export function gatewayParts(kv: KvService, cluster?: ClusterService): GatewayParts {
  const after = (ms: number, task: () => void) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  };
  return {
    kv,
    cluster,
    engine: { groups: [] },
    encryption,
    directory: { identity: { name: 'n1', clusterId: new Uint8Array(16) } },
    health: { phase: 'ready' },
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      after,
      turn: () => new Promise(setImmediate),
    },
    hashes: {
      sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest(),
      equal: timingSafeEqual,
    },
    disk: {},
    secrets: { read: async () => new Secret(Buffer.from('s3cret')) },
    logger,
  } as unknown as GatewayParts;
}
