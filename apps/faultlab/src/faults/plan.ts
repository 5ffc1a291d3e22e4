import { SeededRandom } from '@caisson/compliance';
import { z } from 'zod';
import { PLANTS } from '../plants/plants.js';
import { FAMILY_NAMES, type FamilyName, USUAL } from './draws.js';
import { describeFault, Fault } from './fault.js';
import { describeTrigger, Trigger } from './moment.js';

export const PLAN_SCHEMA = 'caisson.faultlab.plan/v1';

const whole = z.number().int().nonnegative();
const few = z.number().int().min(1);

/**
 * A fault and its time, in virtual milliseconds from the beginning of the storm. With `when` it is armed
 * then, and happens at that moment.
 */
export const Step = z.strictObject({ atMs: whole, when: Trigger.optional(), fault: Fault });
export type Step = z.infer<typeof Step>;

/** What the nodes of a storm are like, where it is not as usual. */
export const Shape = z.strictObject({
  voters: few.max(7).optional(),
  clients: few.max(32).optional(),
  /** Of each client, on average, between an answer and what it does next. */
  pauseMs: few.optional(),
  /** Founded in clear, with encryption on: the cutovers are left to orders. */
  isBornClear: z.boolean().optional(),
  envelopeVersion: z.union([z.literal(1), z.literal(2)]).optional(),
  /** The last epoch that a node takes under one key. */
  epochMax: few.max(0xffff).optional(),
  /** Of the log, before it is cut. */
  compactionEntries: few.optional(),
  gatherCommands: few.optional(),
  appendEntries: few.optional(),
  retentionMs: few.optional(),
  reads: z.enum(['safe', 'lease-based']).optional(),
  /** Ten of them are the shortest time until an election. */
  tickMs: few.optional(),
});
export type Shape = z.infer<typeof Shape>;

/**
 * `usual` storms crash, cut and change members; `swarm` ones have a random half of everything;
 * `disks` are usual ones whose disks fail, rot, fill up, are put back and cloned. `standard` ones are long,
 * with few clients that take their time and a fault of any family now and then: speed is measured on them.
 */
export const PROFILES = ['usual', 'swarm', 'disks', 'standard'] as const;
export type Profile = (typeof PROFILES)[number];

/** What is drawn, and how much of it, where a plan names no steps. */
export const Mood = z.strictObject({
  families: z.array(z.enum(FAMILY_NAMES as [FamilyName, ...FamilyName[]])),
  meanPauseMs: few,
  /** Whether half of what does harm waits for a moment of a node. */
  hasTriggers: z.boolean(),
});
export type Mood = z.infer<typeof Mood>;

/**
 * Everything a storm follows from, as data: it means the same when the way faults are drawn has changed.
 */
export const Plan = z.strictObject({
  schema: z.literal(PLAN_SCHEMA),
  /** Of a directed scenario: what it is called and what it is about. */
  title: z.string().optional(),
  about: z.string().optional(),
  /** Of everything that is no fault: clients, the network's latencies, what nodes take for random. */
  seed: whole,
  isEncrypted: z.boolean(),
  /** Logs so short that whoever was away for a moment needs a snapshot. */
  hasShortLogs: z.boolean(),
  shape: Shape.optional(),
  /** What it was drawn by. */
  profile: z.enum(PROFILES).optional(),
  /** What the steps were drawn from. */
  mood: Mood.optional(),
  stormMs: whole,
  steps: z.array(Step),
  /** Patterns that the story must contain, each: a scenario that comes to nothing is no scenario. */
  expect: z.array(z.string()).optional(),
  /** And those that it must not contain. */
  forbid: z.array(z.string()).optional(),
  /** The planted bug it was found with, if any. */
  plant: z
    .string()
    .refine((name) => name in PLANTS, 'there is no such planted bug')
    .optional(),
  /** What the run that wrote it came to. */
  traceHash: z.string().optional(),
});
export type Plan = z.infer<typeof Plan>;

/** What all seeds have in common. */
export interface Setting {
  readonly seed: number;
  readonly stormMs: number;
  readonly profile?: Profile | undefined;
}

/** How a seed decides what a schedule does not. */
export function planOf({ profile, seed, stormMs }: Setting, steps: readonly Step[] = []): Plan {
  const [isEncrypted, hasShortLogs] = [seed % 2 === 0, seed % 4 >= 2];
  const base = { seed, isEncrypted, hasShortLogs, stormMs, ...(profile && { profile }) };
  const usual: Plan = { schema: PLAN_SCHEMA, ...base, steps: [...steps] };
  if (profile === 'disks') return { ...usual, mood: { ...USUAL_MOOD, families: [...USUAL, ...OF_DISKS] } };
  if (profile === 'standard') return { ...usual, ...STANDARD };
  return profile === 'swarm' ? swarmed(usual) : usual;
}

/** How long storms of a profile are where nothing is said. */
export function stormMsOf(profile: Profile): number {
  return profile === 'standard' ? 60_000 : 15_000;
}

export const USUAL_MOOD: Mood = { families: [...USUAL], meanPauseMs: 250, hasTriggers: false };

const OF_DISKS: readonly FamilyName[] = ['disks', 'images', 'copies'];
/** Disks that come back older are often more than a cluster can mend, and then little is asked of it. */
const RARE: FamilyName = 'images';
const SWARMING: readonly FamilyName[] = FAMILY_NAMES.filter((name) => name !== RARE);

/**
 * As a small cluster is used: five to eight acknowledged writes a second beside reads, in the time that
 * servers keep where nothing is configured, and something goes wrong every three to four seconds.
 */
const STANDARD: Pick<Plan, 'isEncrypted' | 'shape' | 'mood'> = {
  isEncrypted: true,
  shape: { voters: 3, clients: 4, pauseMs: 70, tickMs: 100 },
  mood: { families: [...SWARMING], meanPauseMs: 900, hasTriggers: true },
};

/** One storm in ten is calm, and one brutal. */
function swarmed(plan: Plan): Plan {
  const random = new SeededRandom(plan.seed + 11);
  const temper = random.integer(10);
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const chosen = SWARMING.filter(() => random.integer(2) === 0);
  if (random.integer(4) === 0) chosen.push(RARE);
  const pace = Math.round(60 * 10 ** (random.integer(1001) / 1000));
  const families =
    temper === 0 ? [] : temper === 1 ? [...SWARMING] : [...new Set([...chosen, 'restarts' as const])];
  const meanPauseMs = temper === 1 ? 60 : pace;
  const isEncrypted = random.integer(4) > 0;
  const isBornClear = random.integer(3) === 0;
  // A clock that jumps moves the floor of requests that are remembered.
  const isTimed = families.includes('clocks');
  const shape: Shape = {
    voters: pick([1, 3, 3, 3, 5]),
    clients: pick([2, 4, 4, 8]),
    compactionEntries: pick([5, 16, 100, 1000]),
    gatherCommands: pick([1, 4, 256]),
    appendEntries: pick([1, 8, 512]),
    retentionMs: isTimed ? 3_600_000 : pick([8_000, 3_600_000]),
    ...(isEncrypted && isBornClear && { isBornClear }),
    ...(isEncrypted && random.integer(4) === 0 && { envelopeVersion: 1 as const }),
  };
  return { ...plan, isEncrypted, shape, mood: { families, meanPauseMs, hasTriggers: temper > 0 } };
}

export function describePlan({ seed, steps, title }: Plan): string {
  const lines = steps.map((step) => `  ${describeStep(step)}`);
  return [title ?? `seed ${seed}, ${steps.length} steps`, ...lines].join('\n');
}

export function describeStep({ atMs, fault, when }: Step): string {
  const waits = when === undefined ? '' : ` ${describeTrigger(when)}`;
  return `${String(atMs).padStart(6)} ms  ${describeFault(fault)}${waits}`;
}
