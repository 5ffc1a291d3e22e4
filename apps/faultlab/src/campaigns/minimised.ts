import type { RuleId } from '../oracles/rules.js';
import { runPlan } from '../storm/storm.js';
import type { Verdict } from '../storm/verdict.js';
import { AWRY, harmIn, shrink } from './shrink.js';

/** How long anybody waits for a failure to become small. */
const LIMIT_MS = 60_000;
const TRIES_MAX = 200;

/** What became of a storm that was to become small. */
export interface Minimised {
  readonly faults: number;
  readonly steps: number;
  readonly operations: number;
  readonly tries: number;
  readonly isMinimal: boolean;
  readonly processorMs: number;
}

export interface MinimiseOptions {
  readonly rule: RuleId;
  /** Of this process, from whenever on. */
  readonly processorMs: () => number;
}

/** Minimises what a planted bug did, in as long as somebody would wait for it. */
export async function minimised(failed: Verdict, { processorMs, rule }: MinimiseOptions): Promise<Minimised> {
  const begunAt = processorMs();
  const eventsMax = AWRY * failed.counts.events;
  const { isMinimal, plan, tries, verdict } = await shrink(failed, {
    rule,
    run: (tried) => runPlan(tried, { until: [rule], eventsMax }),
    triesMax: TRIES_MAX,
    isLate: () => processorMs() - begunAt > LIMIT_MS,
  });
  return {
    faults: harmIn(plan).length,
    steps: plan.steps.length,
    operations: verdict.counts.checked,
    tries,
    isMinimal,
    processorMs: Math.round(processorMs() - begunAt),
  };
}
