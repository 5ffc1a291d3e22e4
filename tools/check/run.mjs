/**
 * `npm test`: everything that guards a wall, in order. The last line is the count and nothing follows it.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { judge, readProjects, resultFiles } from './src/results.mjs';
import { GUARDS, TESTS, run } from './src/steps.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** @type {import('./src/steps.mjs').Outcome[]} */
const outcomes = [];

/** @param {readonly import('./src/steps.mjs').Step[]} steps */
async function inOrder(steps) {
  for (const step of steps) {
    heading(step.title);
    outcomes.push(await run(step, root));
  }
}

/** @param {string} title */
function heading(title) {
  console.log(`\n=== ${title} ${'='.repeat(Math.max(3, 74 - title.length))}\n`);
}

await inOrder(GUARDS);
// A result counts only when this run wrote it, or took it from the cache because no input had changed.
for (const file of resultFiles(root)) rmSync(file, { force: true });
const guards = outcomes.length;
await inOrder(TESTS);

const verdict = judge(readProjects(root));
const explained = verdict.failures.length + verdict.problems.length > 0;
// A failed test step is already counted by the tests that failed in it, unless none admits to it.
const broken = outcomes.filter(({ problem }, at) => problem !== undefined && (at < guards || !explained));
const failed = broken.length + verdict.failures.length + verdict.problems.length;

heading('summary');
for (const { title, seconds, problem } of outcomes) {
  console.log(
    `${problem === undefined ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)${problem ? `: ${problem}` : ''}`,
  );
}
for (const text of [...verdict.failures, ...verdict.problems]) console.log(`FAILED ${text}`);
const reasons = new Set(verdict.skips.map(({ reason }) => reason));
for (const reason of reasons) {
  console.log(`\nskipped: ${reason}`);
  for (const skip of verdict.skips)
    if (skip.reason === reason) console.log(`  ${skip.project}: ${skip.title}`);
}
console.log(`\n${verdict.passed} passed, ${failed} failed, ${verdict.skips.length} skipped`);
process.exitCode = failed > 0 || verdict.passed === 0 ? 1 : 0;
