export { createPlan, type SimPlan } from './events.js';
export { createRandom, type Random } from './random.js';
export { runPlan, runSeed, type SimFailure } from './run.js';
export { describeReproduction, type Reproduction, shrink } from './shrink.js';
