/**
 * Runs random clusters: `node tools/simulate.mjs [--seeds N] [--from SEED] [--seed SEED]`.
 *
 * Stops at the first seed that breaks a rule and prints the shortest story found that breaks the same one.
 */
import { parseArgs } from 'node:util';
import { createPlan, describeReproduction, runPlan, shrink } from '../dist/simulation/index.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: process.env.CAISSON_RAFT_SEEDS ?? '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});
const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`);
const from = Number(values.seed ?? values.from);
const until = from + (values.seed === undefined ? Number(values.seeds) : 1);
const started = performance.now();

let seed = from;
for (; seed < until; seed++) {
  const plan = createPlan(seed);
  const failure = runPlan(plan);
  if (failure === undefined) continue;
  say(describeReproduction(shrink({ plan, failure })));
  process.exitCode = 1;
  break;
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
say(`${seed - from} of ${until - from} seeds held every rule, ${seconds} s`);
