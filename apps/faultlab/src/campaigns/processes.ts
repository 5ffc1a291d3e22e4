import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Run } from './campaign.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export interface ProcessesOptions {
  readonly jobs: number;
  readonly seeds: readonly number[];
  /** Of the program, for each process: what all storms have in common. */
  readonly args: readonly string[];
  /** Once for each seed, in the order of the seeds. */
  readonly onRun: (run: Run) => void;
  /** No more storms are begun once it is aborted; those that are under way come to their end. */
  readonly signal: AbortSignal;
}

/** A process that storms are run in did not come to the end of one. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed';
}

/**
 * The storms of a campaign, in several processes at once: each asks for its next seed when it is done with
 * one. A storm is the same wherever it runs, so the processes share nothing.
 */
export async function runInProcesses(options: ProcessesOptions): Promise<readonly Run[]> {
  const { args, jobs, onRun, seeds, signal } = options;
  const left = [...seeds];
  const done = new Map<number, Run>();
  const waiting = [...seeds];
  const take = (): number | undefined => (signal.aborted ? undefined : left.shift());
  const finish = (run: Run): void => {
    done.set(run.seed, run);
    while (done.has(waiting[0] ?? -1)) onRun(done.get(waiting.shift()!)!);
  };
  const count = Math.min(jobs, seeds.length);
  const children = Array.from({ length: count }, () => fork(MAIN, ['sim', '--job', ...args]));
  try {
    await Promise.all(children.map((child) => workOff(child, take, finish)));
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
  // What was interrupted has gaps: what lies behind them is told all the same.
  for (const seed of waiting) if (done.has(seed)) onRun(done.get(seed)!);
  return seeds.flatMap((seed) => done.get(seed) ?? []);
}

function workOff(
  child: ChildProcess,
  take: () => number | undefined,
  finish: (run: Run) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let seed: number | undefined;
    const next = (): void => {
      seed = take();
      if (seed === undefined) resolve();
      else child.send({ seed });
    };
    child.on('message', (run) => {
      finish(run as Run);
      next();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new JobFailed(`a process ended with ${code} in seed ${seed}`)));
    next();
  });
}

/** The other end: runs what it is sent, until nobody is there any more. */
export function serveAsJob(runOne: (seed: number) => Promise<Run>): Promise<void> {
  return new Promise((resolve, reject) => {
    // A terminal interrupts all processes of a campaign; the first of them decides what that means.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
    process.on('message', ({ seed }: { readonly seed: number }) => {
      runOne(seed).then((run) => process.send!(run), reject);
    });
    process.once('disconnect', resolve);
  });
}
