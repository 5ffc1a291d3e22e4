import { z } from 'zod';
import { Plan, PROFILES } from '../faults/plan.js';
import { RULES, type RuleId } from '../oracles/rules.js';
import { StormRecord } from '../trace/record.js';
import { REPORT_SCHEMA, SHRUNK_SCHEMA } from './report.js';

const number = z.number().nonnegative();
const rule = z.enum(Object.keys(RULES) as [RuleId, ...RuleId[]]);

const Counts = z.object({
  simulatedMs: number,
  events: number,
  acknowledged: number,
  checked: number,
  entries: number,
  terms: number,
  installs: number,
  seals: number,
  bytesScanned: number,
  nodes: number,
  beyond: number.default(0),
});

const LaneChange = z.object({ atMs: number, state: z.enum(['down', 'starts', 'serves', 'leads']) });

/** Of an answer that should not have been given. */
const About = z.object({
  key: z.string(),
  saw: z.string().optional(),
  client: z.string().optional(),
  untilMs: number,
});

const StoredRun = z.object({
  seed: number,
  traceHash: z.string(),
  findings: z.array(z.object({ rule, atMs: number, text: z.string(), about: About.optional() })),
  begunAtMs: number,
  effective: z.record(z.string(), number),
  effectiveById: z.record(z.string(), number).default({}),
  cells: z.record(z.string(), number).optional(),
  looks: z.record(z.string(), z.object({ evaluated: number, couldFail: number })).default({}),
  counts: Counts,
  wallMs: number,
  cpuMs: number.optional(),
  /** These three of runs that broke a rule, or of all with `--whole`. */
  story: z.array(z.object({ atMs: number, text: z.string(), kind: z.string().optional() })).optional(),
  lanes: z.record(z.string(), z.array(LaneChange)).optional(),
  plan: Plan.optional(),
  record: StormRecord.optional(),
});
export type StoredRun = z.infer<typeof StoredRun>;

/** A report as it is read back from a file. */
export const StoredReport = z.object({
  schema: z.literal(REPORT_SCHEMA),
  command: z.string(),
  node: z.string(),
  setting: z.object({ profile: z.enum(PROFILES), stormMs: number, plant: z.string().optional() }).optional(),
  runs: z.array(StoredRun),
  untested: z.array(z.string()),
});
export type StoredReport = z.infer<typeof StoredReport>;

/** What `shrink --json` wrote, as it is read back: what is left of a plan, and what it comes to. */
export const StoredShrunk = z.object({
  schema: z.literal(SHRUNK_SCHEMA),
  rule,
  tries: number,
  isMinimal: z.boolean(),
  plan: Plan,
  run: StoredRun.optional(),
});
export type StoredShrunk = z.infer<typeof StoredShrunk>;
