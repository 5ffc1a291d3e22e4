import { z } from 'zod';
import { RULES, type RuleId } from '../oracles/rules.js';

export const MUTANTS_SCHEMA = 'caisson.faultlab.mutants/v1';

const rule = z.enum(Object.keys(RULES) as [RuleId, ...RuleId[]]);
const few = z.number().int().nonnegative();

/** What is left of the storm that brought a bug out. */
const Shrunk = z.object({
  /** Faults of it that do harm, and all its steps. */
  faults: few,
  steps: few,
  /** What clients did in it. */
  operations: few,
  tries: few,
  isMinimal: z.boolean(),
  processorMs: few,
});

const KeptMutant = z.object({
  plant: z.string(),
  about: z.string().default(''),
  breaks: z.array(rule).readonly().default([]),
  where: z.string().default(''),
  seeds: few,
  caught: z.object({ seed: few, rule, isExpected: z.boolean().default(true) }).optional(),
  shrunk: Shrunk.optional(),
});
export type KeptMutant = z.infer<typeof KeptMutant>;

/** What `mutants --json` wrote, as it is read back. */
export const StoredMutants = z.object({
  schema: z.literal(MUTANTS_SCHEMA),
  results: z.array(KeptMutant),
});
export type StoredMutants = z.infer<typeof StoredMutants>;
