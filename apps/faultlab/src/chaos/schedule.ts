import { SeededRandom } from '@caisson/compliance';

/** One thing that goes wrong, in a run over real processes. */
export interface Action {
  readonly number: number;
  /** Id of the catalogue of faults. */
  readonly kind: string;
  /** Counts round the members that there are when it begins. */
  readonly target: number;
  /** How long it lasts. */
  readonly forMs: number;
  /** 0..1: how much of it. */
  readonly strength: number;
  /** Until the next one begins. */
  readonly restMs: number;
}

export interface ChaosPlan {
  readonly schema: typeof CHAOS_SCHEMA;
  readonly seed: number;
  readonly nodes: number;
  readonly durationMs: number;
  readonly actions: readonly Action[];
}

export const CHAOS_SCHEMA = 'caisson.faultlab.chaos/v1';

const FOR_MS_MIN = 500;
const FOR_MS_SPREAD = 3_500;
const REST_MS_MIN = 400;
const REST_MS_SPREAD = 1_600;

export interface ScheduleOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly durationMs: number;
  /** What this machine allows. */
  readonly kinds: readonly string[];
}

/**
 * Actions for at least as long as the run lasts, one after the other: a majority is well at any time, so
 * nothing excuses a lost write. Every kind comes once before any comes again.
 */
export function planChaos({ durationMs, kinds, nodes, seed }: ScheduleOptions): ChaosPlan {
  const random = new SeededRandom(seed);
  const actions: Action[] = [];
  let lastsMs = 0;
  while (lastsMs < durationMs) {
    for (const kind of shuffled(kinds, random)) {
      const action: Action = {
        number: actions.length + 1,
        kind,
        target: random.integer(60),
        forMs: FOR_MS_MIN + random.integer(FOR_MS_SPREAD),
        strength: random.integer(1000) / 1000,
        restMs: REST_MS_MIN + random.integer(REST_MS_SPREAD),
      };
      actions.push(action);
      lastsMs += action.forMs + action.restMs;
    }
  }
  return { schema: CHAOS_SCHEMA, seed, nodes, durationMs, actions };
}

function shuffled(kinds: readonly string[], random: SeededRandom): string[] {
  const left = [...kinds];
  const order: string[] = [];
  while (left.length > 0) order.push(...left.splice(random.integer(left.length), 1));
  return order;
}
