import type * as formats from '@caisson/formats';
import { sample } from '../subject.js';

/** Values that several layouts carry. */

export const CLAIM: formats.WriterClaim = { dekId: 3, fullNodeId: 77n, epoch: 4 };
export const FOUNDER: formats.Founder = { name: 'n1', address: 'a:1', clientAddress: 'b:22' };
export const KEY: formats.WrappedKey = {
  keyId: 8,
  purpose: 'storage',
  originId: sample(16),
  check: sample(8),
  container: sample(40),
};
export const SECOND_KEY: formats.WrappedKey = { ...KEY, keyId: 11, purpose: 'raft' };

const COMMITTED = { kind: 'committed', commitTs: 9n, deleted: 2, more: true } as const;
export const RESULTS: readonly formats.CommandResult[] = [
  COMMITTED,
  { kind: 'conflict', keyHash: 5n },
  { kind: 'failed', condition: 1 },
  { kind: 'failed', condition: 1, currentTs: 8n },
];

const CONDITIONS = [
  { key: sample(3), expect: { kind: 'absent' } },
  { key: sample(3), expect: { kind: 'exists' } },
  { key: sample(3), expect: { kind: 'value', value: sample(5) } },
  { key: sample(3), expect: { kind: 'version', ts: 7n } },
] as const;
const RANGES = [{ from: sample(2) }, { from: sample(1), to: sample(4) }];

export const WRITE: readonly formats.WriteCommand[] = [
  {
    kind: 'write',
    commitTs: 9n,
    readKeys: [],
    readRanges: [],
    conditions: [],
    mutations: [{ op: 'put', key: sample(3), value: sample(40), expireAt: 0n }],
  },
  {
    kind: 'write',
    requestId: sample(16),
    startTs: 3n,
    commitTs: 9n,
    readKeys: [sample(3), sample(0)],
    readRanges: RANGES,
    conditions: CONDITIONS,
    mutations: [
      { op: 'put', key: sample(3), value: sample(4), expireAt: 12n },
      { op: 'delete', key: sample(2) },
      { op: 'deletePrefix', prefix: sample(1), limit: 100 },
    ],
  },
];

const WIRE_2 = {
  wire: 2,
  clusterId: sample(16),
  confIndex: 4,
  stateIndex: 6,
  fullNodeId: 77n,
  epoch: 2,
} as const;
const BARE = { ...KEY, container: new Uint8Array(0) };

export const LIFECYCLE: readonly formats.LifecycleEntry[] = [
  { wire: 1, sub: 'rotate', keyId: 8, purpose: 'raft', wrapped: sample(20), proposer: CLAIM },
  { ...WIRE_2, sub: 'rotate', keys: [KEY] },
  { ...WIRE_2, sub: 'rewrap', keys: [KEY, SECOND_KEY] },
  { ...WIRE_2, sub: 'retire', keys: [BARE] },
  { ...WIRE_2, sub: 'enableRaftEnvelope', keys: [BARE] },
  { ...WIRE_2, sub: 'sealModeOn', keys: [] },
];

export const WRITE_REQUESTS = [
  { mutations: [{ op: 'put', key: sample(3), value: sample(9) }] },
  {
    mutations: [
      { op: 'put', key: sample(3), value: sample(9), ttlMs: 60_000 },
      { op: 'delete', key: sample(2) },
      { op: 'deletePrefix', prefix: sample(1), limit: 9 },
    ],
    conditions: CONDITIONS,
    requestId: sample(16),
    startTs: 3n,
    readKeys: [sample(2)],
    readRanges: RANGES,
  },
] as const;
