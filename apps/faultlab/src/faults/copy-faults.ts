import { z } from 'zod';
import { cloneAll, runTwin } from '../cluster/clones.js';
import type { Machine } from '../cluster/machine.js';
import { secondCluster } from '../cluster/second-life.js';
import type { Draw, Family, Scene } from './family.js';
import { nodeOrPart as node } from './names.js';

const ms = z.number().int().min(1).max(1_000_000);

export const CopyFault = z.discriminatedUnion('kind', [
  /** Copies of all disks run for a while, out of reach of the cluster. */
  z.strictObject({ kind: z.literal('clone'), ms }),
  /** A backup becomes another cluster, for a while, while this one lives. */
  z.strictObject({ kind: z.literal('secondCluster'), ms }),
  /** A copy of one disk runs as the same node in the same network, which answers the node that it knows. */
  z.strictObject({ kind: z.literal('twin'), node, ms }),
  /** A second process over the same disk. */
  z.strictObject({ kind: z.literal('doubleStart'), node }),
]);
export type CopyFault = z.infer<typeof CopyFault>;

const IDS: Readonly<Record<CopyFault['kind'], string>> = {
  clone: 'P9',
  secondCluster: 'O8',
  twin: 'P10',
  doubleStart: 'P10',
};

export const copyFamily: Family<CopyFault> = {
  kinds: Object.keys(IDS) as CopyFault['kind'][],
  idOf: ({ kind }) => IDS[kind],
  isRelief: () => false,
  describe: (fault) => {
    if (fault.kind === 'clone') return `copies of all disks run for ${fault.ms} ms`;
    if (fault.kind === 'secondCluster') return `a backup runs as a second cluster for ${fault.ms} ms`;
    if (fault.kind === 'twin') return `a twin of ${fault.node} runs beside it for ${fault.ms} ms`;
    return `${fault.node} is started a second time`;
  },
  perform: (fault, scene) => {
    if (fault.kind === 'clone') return cloneAll(scene, fault.ms);
    if (fault.kind === 'secondCluster') return secondCluster(scene, fault.ms);
    if (fault.kind === 'twin') return runTwin(scene, fault.node, fault.ms);
    return doubleStart(scene.cluster.find(fault.node), scene);
  },
};

/** The second one is refused because the first one holds the directory, and touches nothing. */
function doubleStart(machine: Machine | undefined, { cluster, watch }: Scene): boolean {
  if (machine === undefined || !machine.isUp) return false;
  cluster.findings.saw('E19');
  const comesUp = () => cluster.findings.add('E19', `${machine.name} runs twice over one disk`);
  watch(machine, 'second start', machine.startBeside().then(comesUp));
  return true;
}

/** Whoever comes up has to find out who leads, and register, before anybody can write. */
const LIFE_MS_MIN = 700;

export const COPIES: readonly Draw[] = [
  { weight: 2, draw: (fate) => [{ kind: 'clone', ms: LIFE_MS_MIN + fate.logUniform(1000) }] },
  { weight: 2, draw: (fate) => [{ kind: 'secondCluster', ms: LIFE_MS_MIN + fate.logUniform(1000) }] },
  {
    weight: 3,
    draw: (fate) =>
      fate.onOne((name) => [{ kind: 'twin', node: name, ms: LIFE_MS_MIN + fate.logUniform(2000) }]),
  },
  { weight: 5, draw: (fate) => fate.onOne((name) => [{ kind: 'doubleStart', node: name }]) },
];
