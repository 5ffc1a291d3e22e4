import { EncryptionService } from '@caisson/contracts';
import type { StormCluster } from '../cluster/cluster.js';
import type { Fault } from './fault.js';

/** What the target of a fault is to the others as it happens; nothing for faults of no single node. */
const ROLES = ['leader', 'follower', 'learner'] as const;
type Role = (typeof ROLES)[number];

/** What goes on as a fault happens: the first of these that does. */
const ORDERED = {
  cutover: /^(enable-|seal-mode)/,
  rotation: /^(rotate-|rewrap)/,
  rewriting: /^(rewrite|scrub|verify)/,
  snapshot: /^(snapshot|backup)/,
} as const;
const PHASES = [...(Object.keys(ORDERED) as (keyof typeof ORDERED)[]), 'boot', 'clear', 'sealed'] as const;
type Phase = (typeof PHASES)[number];
/** A learner is one for a moment: it is asked to meet these only. */
const OF_LEARNERS: readonly Phase[] = ['clear', 'sealed'];

/** Kinds of fault that hit one node, and that hit links, all, or nobody in particular. */
const AIMED: readonly Fault['kind'][] = [
  'crash',
  'stop',
  'pause',
  'slow',
  'crashLoop',
  'clockStep',
  'clockDrift',
  'clockFreeze',
  'keyTrouble',
  'diskTrouble',
  'kill',
  'bareCrash',
];
const AT_LARGE: readonly Fault['kind'][] = [
  'powerLoss',
  'cut',
  'weather',
  'clog',
  'mute',
  'reset',
  'replay',
  'keyLatency',
  'keyRotated',
  'transfer',
  'addLearner',
  'promote',
  'remove',
  'order',
  'clients',
];

const nameOf = (kind: string, phase: Phase, role?: Role): string =>
  role === undefined ? `${kind} ${phase}` : `${kind} ${role} ${phase}`;

const ofOneNode = (kind: string): readonly string[] =>
  ROLES.flatMap((role) =>
    (role === 'learner' ? OF_LEARNERS : PHASES).map((phase) => nameOf(kind, phase, role)),
  );

/** Every meeting of a kind of fault, what its target is, and what goes on, that campaigns are to come to. */
export const CELLS: readonly string[] = [
  ...AIMED.flatMap(ofOneNode),
  ...AT_LARGE.flatMap((kind) => PHASES.map((phase) => nameOf(kind, phase))),
];
const DECLARED: ReadonlySet<string> = new Set(CELLS);

/** Those of the declared cells that a campaign did not come to. */
export function emptyCells(reached: Readonly<Record<string, number>>): readonly string[] {
  return CELLS.filter((cell) => (reached[cell] ?? 0) === 0);
}

/** Counts which faults met whom, and amid what. */
export class Cells {
  readonly #cluster: StormCluster;
  readonly #counts = new Map<string, number>();
  /** Orders under way, by name. */
  readonly #orders = new Map<string, number>();

  constructor(cluster: StormCluster) {
    this.#cluster = cluster;
  }

  /** How often each declared cell was met. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  begins(order: string): void {
    this.#orders.set(order, (this.#orders.get(order) ?? 0) + 1);
  }

  ends(order: string): void {
    this.#orders.set(order, (this.#orders.get(order) ?? 1) - 1);
  }

  /** Where a fault strikes, as things stand before it does. */
  cellOf(fault: Fault): string {
    const { kind } = fault;
    const node = 'node' in fault ? fault.node : undefined;
    const isAimed = AIMED.includes(kind) && node !== undefined;
    return nameOf(kind, this.#phase(), isAimed ? this.#role(node) : undefined);
  }

  count(cell: string): void {
    if (DECLARED.has(cell)) this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + 1);
  }

  #role(name: string): Role {
    const { leader, members } = this.#cluster;
    if (name === 'leader' || leader?.name === name) return 'leader';
    return members.some((member) => member.name === name && member.role === 'learner')
      ? 'learner'
      : 'follower';
  }

  #phase(): Phase {
    const orders = [...this.#orders].flatMap(([order, count]) => (count > 0 ? [order] : []));
    for (const [phase, pattern] of Object.entries(ORDERED)) {
      if (orders.some((order) => pattern.test(order))) return phase as Phase;
    }
    const { isEncrypted, leader, machines, up } = this.#cluster;
    if (machines.some(({ isUp, process }) => process !== undefined && !isUp)) return 'boot';
    const host = (leader ?? up[0])?.process?.host;
    if (!isEncrypted || host === undefined) return 'clear';
    return host.get(EncryptionService).status().keys.length > 0 ? 'sealed' : 'clear';
  }
}
