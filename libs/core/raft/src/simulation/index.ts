export { createPlan, type SimPlan } from './events.js';
export { createRandom, type Random } from './random.js';
export { runPlan, type SimFailure } from './run.js';
export { describeReproduction, type Reproduction, shrink } from './shrink.js';
export { traceRun } from './trace-run.js';
