import type { DiskTrouble } from '@caisson/simulator';
import { z } from 'zod';
import { DISK_CODES } from '../cluster/damage.js';
import type { Machine } from '../cluster/machine.js';
import { epochsOn } from '../cluster/sidecar-epochs.js';
import type { Draw, Family, Scene } from './family.js';
import type { Fate } from './fate.js';
import type { Fault } from './fault.js';
import { nodeOrPart as node } from './names.js';

const count = z.number().int().min(1).max(1_000_000);
const permille = z.number().int().min(0).max(999);
const part = z.enum(['everything', 'sidecar', 'store', 'log', 'data']);
const where = { part: part.optional() };

/** What is wrong with a disk until it is lifted. */
const Trouble = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('slow'), ms: count, ...where }),
  z.strictObject({
    kind: z.literal('failing'),
    operation: z.enum(['read', 'write', 'sync']),
    times: count,
    ...where,
  }),
  z.strictObject({ kind: z.literal('full'), bytes: count, ...where }),
  z.strictObject({ kind: z.literal('readOnly'), ...where }),
  z.strictObject({ kind: z.literal('short'), times: count, ...where }),
  z.strictObject({ kind: z.literal('misdirected'), times: count, ...where }),
  z.strictObject({ kind: z.literal('lying'), times: count, ...where }),
  z.strictObject({ kind: z.literal('rot'), permille, ...where }),
  z.strictObject({ kind: z.literal('sector'), permille, ...where }),
  z.strictObject({ kind: z.literal('cut'), bytes: count, ...where }),
  z.strictObject({ kind: z.literal('zeros'), bytes: count, ...where }),
]);
type Trouble = z.infer<typeof Trouble>;

export const DiskFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('diskTrouble'), node, trouble: Trouble }),
  z.strictObject({ kind: z.literal('diskWell'), node }),
  /** The process is killed, and its machine goes on: nothing that was written is lost. */
  z.strictObject({ kind: z.literal('kill'), node }),
  /** Power is lost, and of what was not synced nothing is left. */
  z.strictObject({ kind: z.literal('bareCrash'), node }),
  z.strictObject({ kind: z.literal('keepImage'), node }),
  /** The disk as it was when an image was kept, or a part of it; the process ends before. */
  z.strictObject({ kind: z.literal('putBack'), node, part }),
  z.strictObject({ kind: z.literal('emptyDisk'), node }),
]);
export type DiskFault = z.infer<typeof DiskFault>;

type Of<K extends DiskFault['kind']> = Extract<DiskFault, { kind: K }>;

const IDS: Readonly<Record<DiskFault['kind'], string>> = {
  diskTrouble: 'D1',
  diskWell: 'D1',
  kill: 'P1',
  bareCrash: 'D10',
  keepImage: 'P8',
  putBack: 'P8',
  emptyDisk: 'D16',
};

/** From here on a disk is stalled, and not only slow. */
const STALL_MS = 200;

const TROUBLE_IDS: Readonly<Record<Trouble['kind'], string>> = {
  slow: 'D1',
  failing: 'D4',
  full: 'D6',
  short: 'D7',
  rot: 'D11',
  sector: 'D12',
  misdirected: 'D13',
  lying: 'D14',
  readOnly: 'D15',
  cut: 'D17',
  zeros: 'D17',
};
const FAILING_IDS = { read: 'D3', write: 'D4', sync: 'D5' } as const;

export const diskFamily: Family<DiskFault> = {
  kinds: Object.keys(IDS) as DiskFault['kind'][],
  idOf: (fault) => (fault.kind === 'diskTrouble' ? troubleId(fault.trouble) : IDS[fault.kind]),
  isRelief: ({ kind }) => kind === 'diskWell' || kind === 'keepImage',
  describe,
  perform,
};

function troubleId(trouble: Trouble): string {
  if (trouble.kind === 'failing') return FAILING_IDS[trouble.operation];
  if (trouble.kind === 'slow' && trouble.ms >= STALL_MS) return 'D2';
  return TROUBLE_IDS[trouble.kind];
}

function describe(fault: DiskFault): string {
  switch (fault.kind) {
    case 'diskTrouble': {
      const { kind, part: of = 'everything', ...numbers } = fault.trouble;
      const details = Object.entries(numbers).map(([name, value]) => ` ${name} ${value}`);
      return `the disk of ${fault.node} is ${kind} (${of}${details.join('')})`;
    }
    case 'diskWell':
      return `the disk of ${fault.node} is well`;
    case 'kill':
      return `${fault.node} is killed`;
    case 'bareCrash':
      return `${fault.node} loses power, and all that was not synced`;
    case 'keepImage':
      return `an image of the disk of ${fault.node} is kept`;
    case 'putBack':
      return `the disk of ${fault.node} is put back: ${fault.part}`;
    case 'emptyDisk':
      return `the disk of ${fault.node} is replaced by an empty one`;
  }
}

function perform(fault: DiskFault, scene: Scene): boolean {
  const { cluster } = scene;
  switch (fault.kind) {
    case 'diskTrouble':
      return trouble(fault, scene);
    case 'diskWell':
      cluster.find(fault.node)?.disk.platter.troubles.lift();
      return true;
    case 'kill':
      return ends(cluster.find(fault.node), 'process', scene);
    case 'bareCrash':
      return ends(cluster.find(fault.node), 'worst', scene);
    case 'keepImage':
      cluster.find(fault.node)?.disk.keep();
      return true;
    case 'putBack':
      return putBack(fault, scene);
    case 'emptyDisk':
      return emptied(fault, scene);
  }
}

function trouble({ node: name, trouble: what }: Of<'diskTrouble'>, { cluster }: Scene): boolean {
  const machine = cluster.find(name);
  if (machine === undefined || (what.kind === 'lying' && !cluster.hasSafeNonces)) return false;
  machine.disk.platter.troubles.add(what as DiskTrouble);
  cluster.excuses.add(machine.name, DISK_CODES);
  if (what.kind === 'misdirected') cluster.damage.spoil(machine.name);
  if (what.kind === 'lying') cluster.damage.forgets(machine.name);
  return true;
}

function ends(machine: Machine | undefined, end: 'process' | 'worst', { doomed }: Scene): boolean {
  const life = machine?.process?.life;
  if (machine === undefined || life === undefined || life.isOver) return false;
  machine.disk.nextEnd = end;
  doomed.delete(life);
  life.end();
  return true;
}

function putBack({ node: name, part: of }: Of<'putBack'>, scene: Scene): boolean {
  const { cluster } = scene;
  const machine = cluster.find(name);
  if (machine === undefined || !machine.disk.hasImage) return false;
  // Under envelope 1 a disk that comes back repeats nonces, which is why there is another one.
  if (!cluster.hasSafeNonces) return false;
  ends(machine, 'process', scene);
  const before = epochsOn(machine.disk.platter.image);
  machine.disk.putBack(of);
  const now = epochsOn(machine.disk.platter.image);
  for (const [keyId, epoch] of before) {
    const older = now.get(keyId) ?? 0;
    if (older < epoch)
      scene.tell(`the epoch of ${machine.name} under key ${keyId} goes back from ${epoch} to ${older}`);
  }
  cluster.forgetDisks(machine.name);
  cluster.excuses.add(machine.name, DISK_CODES);
  // A node whose log is whole keeps what it promised to others, or refuses to start.
  if (of === 'sidecar' || of === 'store') cluster.damage.spoil(machine.name);
  else cluster.damage.forgets(machine.name);
  return true;
}

function emptied({ node: name }: Of<'emptyDisk'>, scene: Scene): boolean {
  const { cluster } = scene;
  const machine = cluster.find(name);
  if (machine === undefined) return false;
  ends(machine, 'process', scene);
  machine.disk.wipe();
  cluster.forgetDisks(machine.name);
  cluster.excuses.add(machine.name, DISK_CODES);
  cluster.damage.forgets(machine.name);
  return true;
}

/** All that is over once it is lifted: whatever it does to one node, the cluster keeps what it promised. */
function drawTrouble(fate: Fate): Trouble {
  const times = 1 + fate.integer(3);
  const of = (['everything', 'sidecar', 'store', 'log'] as const)[fate.integer(4)]!;
  const troubles: readonly Trouble[] = [
    { kind: 'slow', ms: fate.logUniform(1500), part: of },
    { kind: 'failing', operation: 'read', times, part: of },
    { kind: 'failing', operation: 'write', times, part: of },
    { kind: 'failing', operation: 'sync', times, part: of },
    { kind: 'full', bytes: fate.logUniform(20_000), part: of },
    { kind: 'readOnly', part: of },
    { kind: 'short', times, part: of },
    { kind: 'rot', permille: fate.integer(1000), part: of },
    { kind: 'sector', permille: fate.integer(1000), part: of },
    { kind: 'cut', bytes: fate.logUniform(2000), part: of },
    { kind: 'zeros', bytes: fate.logUniform(2000), part: of },
  ];
  return troubles[fate.integer(troubles.length)]!;
}

const ill = (fate: Fate): readonly Fault[] =>
  fate.onOne((name) => [{ kind: 'diskTrouble', node: name, trouble: drawTrouble(fate) }]);

export const DISKS: readonly Draw[] = [
  { weight: 16, draw: ill },
  { weight: 24, draw: (fate) => fate.onAny((name) => [{ kind: 'diskWell', node: name }]) },
  { weight: 8, draw: (fate) => fate.onOne((name) => [{ kind: 'kill', node: name }]) },
  { weight: 8, draw: (fate) => fate.onOne((name) => [{ kind: 'bareCrash', node: name }]) },
];

/** Disks that come back older, or other: some of it no member can know, and then only secrets are kept. */
export const IMAGES: readonly Draw[] = [
  { weight: 8, draw: (fate) => fate.onAny((name) => [{ kind: 'keepImage', node: name }]) },
  {
    weight: 5,
    draw: (fate) =>
      fate.onAny((name) => [
        { kind: 'putBack', node: name, part: (['sidecar', 'store'] as const)[fate.integer(2)]! },
      ]),
  },
  {
    weight: 1,
    draw: (fate) =>
      fate.onAny((name) => [
        { kind: 'putBack', node: name, part: (['everything', 'log', 'data'] as const)[fate.integer(3)]! },
      ]),
  },
  {
    weight: 2,
    draw: (fate) =>
      fate.onOne((name) => [
        { kind: 'diskTrouble', node: name, trouble: { kind: 'misdirected', times: 1, part: 'data' } },
      ]),
  },
  {
    weight: 1,
    draw: (fate) =>
      fate.onOne((name) => [{ kind: 'diskTrouble', node: name, trouble: { kind: 'lying', times: 2 } }]),
  },
  { weight: 1, draw: (fate) => fate.onAny((name) => [{ kind: 'emptyDisk', node: name }]) },
];
