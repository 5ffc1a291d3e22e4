import type { SimEvent, SimPlan } from './events.js';
import { runPlan, type SimFailure } from './run.js';

export interface Reproduction {
  readonly plan: SimPlan;
  readonly failure: SimFailure;
}

/**
 * Takes events out of a failing plan for as long as what is left breaks the same rule: first large pieces,
 * then smaller ones, then single events. `runsMax` bounds the patience, not the result's being a
 * reproduction.
 */
export function shrink({ plan, failure }: Reproduction, runsMax = 3000): Reproduction {
  let best: Reproduction = { plan: { ...plan, events: plan.events.slice(0, failure.happened) }, failure };
  let runs = 0;
  for (let size = Math.ceil(best.plan.events.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.plan.events.length && runs < runsMax; runs++) {
      const events = [...best.plan.events.slice(0, from), ...best.plan.events.slice(from + size)];
      const smaller = tryEvents(best, events);
      if (smaller === undefined) from += size;
      else best = smaller;
    }
  }
  return best;
}

function tryEvents(best: Reproduction, events: readonly SimEvent[]): Reproduction | undefined {
  const plan = { ...best.plan, events };
  const failure = runPlan(plan);
  if (failure === undefined || failure.rule !== best.failure.rule) return undefined;
  return { plan: { ...plan, events: events.slice(0, failure.happened) }, failure };
}

/** A failing plan as a story: how it was set up, what happened, and what broke. */
export function describeReproduction({ plan, failure }: Reproduction): string {
  const lines: string[] = [];
  runPlan(plan, (word) => lines.push(word));
  const { error } = failure;
  const options = JSON.stringify(plan.options, (_, value) => (value === Infinity ? 'unlimited' : value));
  return [
    `seed ${plan.seed}: ${error instanceof Error ? error.message : String(error)}`,
    `  ${plan.voters} voters, ${plan.spares} spares, ${options}`,
    `  ${plan.events.length} events:`,
    ...lines,
  ].join('\n');
}
