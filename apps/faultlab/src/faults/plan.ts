import { z } from 'zod';
import { PLANTS } from '../plants/plants.js';
import { describeFault, Fault } from './fault.js';

export const PLAN_SCHEMA = 'caisson.faultlab.plan/v1';

const whole = z.number().int().nonnegative();

/** A fault and its time, in virtual milliseconds from the beginning of the storm. */
export const Step = z.strictObject({ atMs: whole, fault: Fault });
export type Step = z.infer<typeof Step>;

/**
 * Everything a storm follows from, as data: it means the same when the way faults are drawn has changed.
 */
export const Plan = z.strictObject({
  schema: z.literal(PLAN_SCHEMA),
  /** Of everything that is no fault: clients, the network's latencies, what nodes take for random. */
  seed: whole,
  isEncrypted: z.boolean(),
  /** Logs so short that whoever was away for a moment needs a snapshot. */
  hasShortLogs: z.boolean(),
  stormMs: whole,
  steps: z.array(Step),
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
}

/** How a seed decides what a schedule does not. */
export function planOf({ seed, stormMs }: Setting, steps: readonly Step[] = []): Plan {
  const [isEncrypted, hasShortLogs] = [seed % 2 === 0, seed % 4 >= 2];
  return { schema: PLAN_SCHEMA, seed, isEncrypted, hasShortLogs, stormMs, steps: [...steps] };
}

export function describePlan({ seed, steps }: Plan): string {
  const lines = steps.map(({ atMs, fault }) => `  ${String(atMs).padStart(6)} ms  ${describeFault(fault)}`);
  return [`seed ${seed}, ${steps.length} steps`, ...lines].join('\n');
}
