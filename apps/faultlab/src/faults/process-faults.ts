import { z } from 'zod';
import type { Machine } from '../cluster/machine.js';
import type { Draw, Family, Scene } from './family.js';
import { nodeOrPart as node } from './names.js';

const calls = z.number().int().positive();
const ms = z.number().int().nonnegative().max(60_000);

export const ProcessFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('crash'), node }),
  /** Ends the process with its so-manieth call to a disk, a log or a store, before or after its effect. */
  z.strictObject({ kind: z.literal('crashAtCall'), node, calls, moment: z.enum(['before', 'after']) }),
  z.strictObject({ kind: z.literal('powerLoss') }),
  z.strictObject({ kind: z.literal('stop'), node }),
  z.strictObject({ kind: z.literal('start'), node }),
  /** It hangs: what happens meanwhile waits for it. */
  z.strictObject({ kind: z.literal('pause'), node }),
  z.strictObject({ kind: z.literal('resume'), node }),
  /** Whatever it is woken up for is done so much later; 0 for at once. */
  z.strictObject({ kind: z.literal('slow'), node, ms }),
  /** Crashes and starts again, so often, after so long each time. */
  z.strictObject({ kind: z.literal('crashLoop'), node, times: z.number().int().min(1).max(20), ms }),
  /** Starts with encryption turned off in its configuration, which a directory with keys must refuse. */
  z.strictObject({ kind: z.literal('startUnsealed'), node }),
]);
export type ProcessFault = z.infer<typeof ProcessFault>;

type Of<K extends ProcessFault['kind']> = Extract<ProcessFault, { kind: K }>;

const IDS: Readonly<Record<ProcessFault['kind'], string>> = {
  crash: 'P1',
  crashAtCall: 'P5',
  powerLoss: 'P4',
  stop: 'P1',
  start: 'P1',
  pause: 'P2',
  resume: 'P2',
  slow: 'P3',
  crashLoop: 'P6',
  startUnsealed: 'P11',
};

export const processFamily: Family<ProcessFault> = {
  kinds: Object.keys(IDS) as ProcessFault['kind'][],
  idOf: ({ kind }) => IDS[kind],
  isRelief: (fault) =>
    fault.kind === 'start' || fault.kind === 'resume' || (fault.kind === 'slow' && fault.ms === 0),
  describe,
  perform,
};

function describe(fault: ProcessFault): string {
  switch (fault.kind) {
    case 'crash':
      return `${fault.node} crashes`;
    case 'crashAtCall':
      return `${fault.node} is to crash ${fault.moment} call ${fault.calls}`;
    case 'powerLoss':
      return 'all crash';
    case 'stop':
      return `${fault.node} is stopped`;
    case 'start':
      return `${fault.node} starts`;
    case 'pause':
      return `${fault.node} hangs`;
    case 'resume':
      return `${fault.node} goes on`;
    case 'slow':
      return fault.ms === 0 ? `${fault.node} is fast again` : `${fault.node} is ${fault.ms} ms late`;
    case 'crashLoop':
      return `${fault.node} crashes ${fault.times} times, ${fault.ms} ms after each start`;
    case 'startUnsealed':
      return `${fault.node} starts with encryption turned off`;
  }
}

function perform(fault: ProcessFault, scene: Scene): boolean {
  const { cluster } = scene;
  switch (fault.kind) {
    case 'crash':
      return crash(cluster.find(fault.node), scene);
    case 'crashAtCall':
      return doom(fault, scene);
    case 'powerLoss':
      return cluster.machines.filter((machine) => crash(machine, scene)).length > 0;
    case 'stop':
      return stop(cluster.find(fault.node), scene);
    case 'start':
      return restart(cluster.find(fault.node), scene);
    case 'pause':
      return hang(cluster.find(fault.node));
    case 'resume':
      cluster.find(fault.node)?.process?.life.resume();
      return true;
    case 'slow':
      return slow(fault, scene);
    case 'crashLoop':
      return crashLoop(fault, scene);
    case 'startUnsealed':
      return startUnsealed(fault, scene);
  }
}

function crash(machine: Machine | undefined, { doomed }: Scene): boolean {
  const life = machine?.process?.life;
  if (life === undefined || life.isOver) return false;
  doomed.delete(life);
  life.end();
  return true;
}

function doom({ calls: left, moment, node: name }: Of<'crashAtCall'>, { cluster, doomed }: Scene): boolean {
  const life = cluster.find(name)?.process?.life;
  if (life === undefined) return false;
  life.endAt(left, moment);
  doomed.add(life);
  return true;
}

function stop(machine: Machine | undefined, scene: Scene): boolean {
  if (machine?.process === undefined || !machine.isUp) return false;
  scene.doomed.delete(machine.process.life);
  scene.watch(machine, 'stop', machine.stop());
  return true;
}

function restart(machine: Machine | undefined, scene: Scene): boolean {
  if (machine === undefined || machine.process !== undefined) return false;
  scene.start(machine);
  return true;
}

function hang(machine: Machine | undefined): boolean {
  const life = machine?.process?.life;
  if (life === undefined || life.isPaused) return false;
  life.pause();
  return true;
}

function slow({ ms: lateMs, node: name }: Of<'slow'>, { cluster }: Scene): boolean {
  const life = cluster.find(name)?.process?.life;
  if (life === undefined) return false;
  life.slow(lateMs === 0 ? undefined : (task) => void cluster.clock.after(lateMs, task));
  return true;
}

function crashLoop(fault: Of<'crashLoop'>, scene: Scene): boolean {
  const { ms: everyMs, node: name, times } = fault;
  const { cluster } = scene;
  const machine = cluster.find(name);
  if (machine === undefined || !crash(machine, scene)) return false;
  const again = (left: number) => {
    if (left === 0 || scene.cluster.isCalm) return;
    if (machine.process === undefined) scene.start(machine);
    cluster.clock.after(everyMs, () => {
      if (!scene.cluster.isCalm && crash(machine, scene)) scene.hadEffect(fault);
      again(left - 1);
    });
  };
  cluster.clock.after(1, () => again(times - 1));
  return true;
}

/** One start; the next one is as it should be. */
function startUnsealed({ node: name }: Of<'startUnsealed'>, scene: Scene): boolean {
  const { cluster } = scene;
  const machine = cluster.find(name);
  if (machine === undefined || machine.process !== undefined || !cluster.isEncrypted) return false;
  machine.equipment.isEncryptionOff = true;
  scene.start(machine);
  machine.equipment.isEncryptionOff = false;
  cluster.rows.mustRefuse(machine);
  return true;
}

export const CRASHES: readonly Draw[] = [
  { weight: 20, draw: (fate) => fate.crash() },
  { weight: 6, draw: (fate) => fate.stop() },
  { weight: 3, draw: () => [{ kind: 'powerLoss' }] },
];

export const RESTARTS: readonly Draw[] = [{ weight: 40, draw: (fate) => fate.restart() }];

export const HANGS: readonly Draw[] = [
  {
    weight: 12,
    draw: (fate) => fate.onOne((name) => [{ kind: 'pause', node: name }]),
  },
  { weight: 24, draw: (fate) => fate.onHanging((name) => [{ kind: 'resume', node: name }]) },
  {
    weight: 8,
    draw: (fate) => fate.onOne((name) => [{ kind: 'slow', node: name, ms: 1 + fate.logUniform(60) }]),
  },
  { weight: 8, draw: (fate) => fate.onOne((name) => [{ kind: 'slow', node: name, ms: 0 }]) },
  {
    weight: 3,
    draw: (fate) =>
      fate.onOne((name) => [
        { kind: 'crashLoop', node: name, times: 1 + fate.integer(5), ms: 20 + fate.logUniform(800) },
      ]),
  },
];

export const FLAGS: readonly Draw[] = [
  { weight: 10, draw: (fate) => fate.onDown((name) => [{ kind: 'startUnsealed', node: name }]) },
];
