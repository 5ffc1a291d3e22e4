/**
 * The guards in the order in which they are worth reading: a wall that does not stand makes the next one
 * noise.
 *
 * Lint goes through nx because ESLint alone skips the layer rule when no project graph is cached, and says so
 * only in passing. End-to-end tests start real servers on real disks, so no two of them run at once.
 *
 * The bounds are there for what hangs, not for what is slow: a quiet machine needs less than half of each.
 */
import { spawn } from 'node:child_process';

/**
 * @typedef {{ title: string, command: string[], minutesMax: number }} Step
 * @typedef {{ title: string, seconds: number, problem: string | undefined }} Outcome
 */

const END_TO_END = 'tag:layer:app,@caisson/workspace';

/** @type {readonly Step[]} */
export const GUARDS = [
  { title: 'project references are in step', command: ['sync:check'], minutesMax: 4 },
  { title: 'build', command: ['run-many', '-t', 'build'], minutesMax: 9 },
  { title: 'lint', command: ['run-many', '-t', 'lint'], minutesMax: 9 },
  { title: 'types', command: ['run-many', '-t', 'typecheck'], minutesMax: 9 },
];

/** @type {readonly Step[]} */
export const TESTS = [
  { title: 'house rules', command: ['run-many', '-t', 'test', '-p', '@caisson/tidy'], minutesMax: 5 },
  {
    title: 'unit tests',
    command: ['run-many', '-t', 'test', `--exclude=${END_TO_END},@caisson/tidy`],
    minutesMax: 20,
  },
  {
    title: 'end-to-end tests',
    command: ['run-many', '-t', 'test', '-p', END_TO_END, '--parallel=1'],
    minutesMax: 28,
  },
];

/**
 * Never rejects: a step that cannot start, fails, or outlives its bound is an outcome with a problem.
 *
 * @param {Step} step
 * @param {string} root
 * @returns {Promise<Outcome>}
 */
export function run(step, root) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn('npx', ['--no-install', 'nx', ...step.command, '--outputStyle=static'], {
      cwd: root,
      stdio: 'inherit',
      detached: true,
      env: { ...process.env, NX_TUI: 'false' },
    });
    let isLate = false;
    const stop = () => killGroup(child.pid);
    const bound = setTimeout(() => {
      isLate = true;
      stop();
    }, step.minutesMax * 60_000);
    process.once('exit', stop);
    /** @param {string | undefined} problem */
    const settle = (problem) => {
      clearTimeout(bound);
      process.off('exit', stop);
      resolve({ title: step.title, seconds: Math.round((performance.now() - startedAt) / 1000), problem });
    };
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => {
      if (isLate) settle(`did not finish in ${step.minutesMax} minutes`);
      else settle(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`);
    });
  });
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already, which is what was wanted.
  }
}
