export { StormCluster } from './cluster/cluster.js';
export { Fault } from './faults/fault.js';
export { Plan, type Setting, Step } from './faults/plan.js';
export { EXIT_CODES, type Finding, type RuleId, RULES } from './oracles/rules.js';
export { PLANTS } from './plants/plants.js';
export { runPlan, runSeed, type StormExtras } from './storm/storm.js';
export type { Counts, Verdict } from './storm/verdict.js';
