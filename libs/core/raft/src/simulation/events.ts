import type { ConfChangeStep, ConfChangeTransition } from '../message/conf-change.js';
import type { NodeId } from '../message/entry.js';
import type { RaftOptions } from '../node/options.js';
import { createRandom, type Random } from './random.js';
import { CRASH_POINTS, type CrashPoint } from './sim-node.js';

/**
 * Something that may happen, with everything about it decided. Fractions choose among what is there when it
 * happens, so that a list of events still means something after some are taken out. What is impossible does
 * nothing.
 */
export type SimEvent =
  | { readonly kind: 'deliver' | 'drop' | 'repeat'; readonly pick: number }
  | { readonly kind: 'ready'; readonly id: NodeId; readonly crashPoint: CrashPoint; readonly luck: Luck }
  | {
      readonly kind: 'work' | 'append' | 'apply' | 'answer' | 'tick' | 'campaign' | 'restart' | 'forget';
      readonly id: NodeId;
    }
  | { readonly kind: 'crash'; readonly id: NodeId; readonly luck: Luck }
  | { readonly kind: 'propose'; readonly id: NodeId; readonly value: number; readonly size: number }
  | {
      readonly kind: 'change';
      readonly id: NodeId;
      readonly transition: ConfChangeTransition;
      readonly steps: readonly ConfChangeStep[];
    }
  | { readonly kind: 'transfer' | 'unreachable' | 'lost-snapshot'; readonly id: NodeId; readonly to: NodeId }
  | { readonly kind: 'read'; readonly id: NodeId; readonly context: number }
  | { readonly kind: 'compact'; readonly id: NodeId; readonly keep: number }
  | { readonly kind: 'cut'; readonly side: readonly NodeId[]; readonly isOneWay: boolean }
  | { readonly kind: 'heal' };

export interface Luck {
  readonly log: number;
  readonly app: number;
}

export interface SimPlan {
  readonly seed: number;
  /** Members at the start; the ids after them belong to spare nodes. */
  readonly voters: number;
  readonly spares: number;
  readonly options: Omit<RaftOptions, 'id' | 'storage' | 'random' | 'applied'>;
  readonly events: readonly SimEvent[];
}

type Weights = readonly (readonly [SimEvent['kind'], number])[];

/** How often what keeps a group going happens, relative to each other. */
const WORK: Weights = [
  ['deliver', 420],
  ['work', 200],
  ['ready', 100],
  ['append', 40],
  ['apply', 30],
  ['answer', 40],
  ['tick', 110],
  ['propose', 60],
  ['read', 12],
  ['restart', 12],
  ['compact', 24],
  ['lost-snapshot', 8],
  ['heal', 6],
];

/** The same for what disturbs it. */
const FAULTS: Weights = [
  ['drop', 22],
  ['repeat', 30],
  ['change', 20],
  ['crash', 5],
  ['campaign', 6],
  ['transfer', 6],
  ['cut', 4],
  ['unreachable', 5],
  ['forget', 2],
];

function pickKind(random: Random, weights: Weights): SimEvent['kind'] {
  let rest = random.below(weights.reduce((sum, [, weight]) => sum + weight, 0));
  return weights.find(([, weight]) => (rest -= weight) < 0)![0];
}

const fraction = (random: Random): number => random.below(2 ** 20) / 2 ** 20;
const createLuck = (random: Random): Luck => ({ log: fraction(random), app: fraction(random) });

function createSteps(random: Random, nodes: number): ConfChangeStep[] {
  const count = random.chance(0.6) ? 1 : 2 + random.below(2);
  const kinds = ['add-voter', 'add-voter', 'remove', 'add-learner'] as const;
  return Array.from({ length: count }, () => ({ kind: random.pick(kinds), id: 1 + random.below(nodes) }));
}

interface Weather {
  readonly nodes: number;
  /** The share of faults among all events. */
  readonly storm: number;
  /** Whether nodes do one thing at a time, so that storage work piles up. */
  readonly isSluggish: boolean;
}

const ONE_THING = ['ready', 'append', 'apply', 'answer'] as const;

function createEvent(random: Random, { nodes, storm, isSluggish }: Weather): SimEvent {
  const picked = pickKind(random, random.chance(storm) ? FAULTS : WORK);
  const kind = picked === 'work' && isSluggish ? random.pick(ONE_THING) : picked;
  const id = 1 + random.below(nodes);
  const to = 1 + random.below(nodes);
  switch (kind) {
    case 'deliver':
    case 'drop':
    case 'repeat':
      // Mostly in order, since that is when most happens.
      return { kind, pick: random.chance(0.8) ? 0 : fraction(random) };
    case 'ready': {
      const crashPoint = random.chance(1 - storm / 20) ? 'never' : random.pick(CRASH_POINTS);
      return { kind, id, crashPoint, luck: createLuck(random) };
    }
    case 'crash':
      return { kind, id, luck: createLuck(random) };
    case 'propose':
      return { kind, id, value: random.below(2 ** 24), size: random.chance(0.8) ? 3 : 3 + random.below(60) };
    case 'change': {
      if (random.chance(0.2)) return { kind, id, transition: 'auto', steps: [] };
      const transition = random.pick(['auto', 'auto', 'implicit', 'explicit'] as const);
      return { kind, id, transition, steps: createSteps(random, nodes) };
    }
    case 'transfer':
    case 'unreachable':
    case 'lost-snapshot':
      return { kind, id, to };
    case 'read':
      return { kind, id, context: random.below(3) };
    case 'compact':
      return { kind, id, keep: random.below(4) };
    case 'cut': {
      const side = Array.from({ length: nodes }, (_, at) => at + 1).filter(() => random.chance(0.4));
      return { kind, side, isOneWay: random.chance(0.3) };
    }
    case 'heal':
      return { kind };
    default:
      return { kind, id };
  }
}

/** Everything a run does follows from its seed. */
export function createPlan(seed: number, eventsMax = 1400): SimPlan {
  const random = createRandom(seed);
  const voters = random.pick([1, 2, 3, 3, 3, 3, 4, 5]);
  const spares = random.pick([0, 1, 2]);
  const options: SimPlan['options'] = {
    electionTick: 5,
    heartbeatTick: 1,
    asyncStorageWrites: random.chance(0.5),
    preVote: random.chance(0.5),
    checkQuorum: random.chance(0.5),
    stepDownOnRemoval: random.chance(0.5),
    disableProposalForwarding: random.chance(0.2),
    maxSizePerMsg: random.pick([Infinity, Infinity, 40, 1]),
    maxCommittedSizePerReady: random.pick([0, 0, 60, 1]),
    maxUncommittedSize: random.pick([0, 0, 100]),
    maxInflightMsgs: random.pick([256, 256, 3, 1]),
  };
  const weather: Weather = {
    nodes: voters + spares,
    storm: random.pick([0.03, 0.08, 0.2]),
    isSluggish: random.chance(0.4),
  };
  const events = Array.from({ length: eventsMax }, () => createEvent(random, weather));
  // Waiting for the first timeout would cost a good part of the run.
  events.unshift({ kind: 'campaign', id: 1 });
  return { seed, voters, spares, options, events };
}
