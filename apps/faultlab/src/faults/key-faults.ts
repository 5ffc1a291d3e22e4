import type { ErrorCode } from '@caisson/contracts';
import type { KeyTrouble } from '@caisson/simulator';
import { z } from 'zod';
import type { Draw, Family, Scene } from './family.js';
import { nodeOrPart as node } from './names.js';

const TROUBLES = [
  'out-of-reach',
  'throttled',
  'denied',
  'disabled',
  'other-key',
  'other-bytes',
  'late',
] as const satisfies readonly KeyTrouble[];

export const KeyFault = z.discriminatedUnion('kind', [
  /** For one node, or for all. */
  z.strictObject({ kind: z.literal('keyTrouble'), node: node.optional(), trouble: z.enum(TROUBLES) }),
  z.strictObject({ kind: z.literal('keyCalm') }),
  /** What each call to a key service takes. */
  z.strictObject({ kind: z.literal('keyLatency'), ms: z.number().int().nonnegative().max(30_000) }),
  /** A new version of the key at the service. */
  z.strictObject({ kind: z.literal('keyRotated') }),
  /** A second key service, configured on every node from its next start on. */
  z.strictObject({ kind: z.literal('keyAdded') }),
]);
export type KeyFault = z.infer<typeof KeyFault>;

const IDS: Readonly<Record<KeyTrouble, string>> = {
  'out-of-reach': 'K1',
  throttled: 'K4',
  denied: 'K5',
  disabled: 'K5',
  'other-key': 'K6',
  'other-bytes': 'K9',
  late: 'K3',
};

/** What a node may rightly complain of under each. */
const EXCUSED: Readonly<Record<KeyTrouble, readonly ErrorCode[]>> = {
  'out-of-reach': ['KEK_UNREACHABLE'],
  throttled: ['KEK_THROTTLED'],
  denied: ['KEK_DENIED'],
  disabled: ['KEK_DISABLED'],
  'other-key': ['KEK_MISMATCH'],
  'other-bytes': ['KEK_MISMATCH', 'KEY_CONFLICT'],
  late: ['KEK_UNREACHABLE'],
};

export const keyFamily: Family<KeyFault> = {
  kinds: ['keyTrouble', 'keyCalm', 'keyLatency', 'keyRotated', 'keyAdded'],
  idOf: (fault) => {
    if (fault.kind === 'keyTrouble') return IDS[fault.trouble];
    return fault.kind === 'keyLatency' ? 'K3' : 'K8';
  },
  isRelief: (fault) => fault.kind === 'keyCalm' || (fault.kind === 'keyLatency' && fault.ms === 0),
  describe: (fault) => {
    if (fault.kind === 'keyTrouble') return `the key service is ${fault.trouble} for ${fault.node ?? 'all'}`;
    if (fault.kind === 'keyLatency') return `the key service takes ${fault.ms} ms`;
    if (fault.kind === 'keyCalm') return 'the key service answers everybody';
    return fault.kind === 'keyRotated' ? 'the key has a new version' : 'a second key is configured';
  },
  perform,
};

function perform(fault: KeyFault, { cluster }: Scene): boolean {
  const { excuses, keys, machines } = cluster;
  if (!cluster.isEncrypted) return false;
  switch (fault.kind) {
    case 'keyTrouble': {
      const names =
        fault.node === undefined ? machines.map(({ name }) => name) : [cluster.find(fault.node)?.name];
      const known = names.filter((name) => name !== undefined);
      for (const name of known) excuses.add(name, EXCUSED[fault.trouble]);
      const news = keys.all.flatMap((service) =>
        known.filter((name) => service.setTrouble(name, fault.trouble)),
      );
      return news.length > 0;
    }
    case 'keyCalm':
      keys.calm();
      return true;
    case 'keyLatency':
      for (const service of keys.all) service.latencyMs = [fault.ms >> 1, fault.ms + 1];
      return fault.ms > 0;
    case 'keyRotated':
      keys.rotate();
      return cluster.hasSimulatedKey;
    case 'keyAdded':
      if (keys.all.length > 1) return false;
      keys.add('spare');
      return true;
  }
}

export const KEYS: readonly Draw[] = [
  {
    weight: 14,
    draw: (fate) => {
      const trouble = TROUBLES[fate.integer(TROUBLES.length)]!;
      if (fate.integer(4) === 0) return [{ kind: 'keyTrouble', trouble }];
      return fate.onAny((name) => [{ kind: 'keyTrouble', node: name, trouble }]);
    },
  },
  { weight: 16, draw: () => [{ kind: 'keyCalm' }] },
  { weight: 4, draw: (fate) => [{ kind: 'keyLatency', ms: fate.logUniform(3000) }] },
  { weight: 3, draw: () => [{ kind: 'keyRotated' }] },
  { weight: 2, draw: () => [{ kind: 'keyAdded' }] },
];
