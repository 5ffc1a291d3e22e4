import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Run } from './campaign.js';

/** A process that holds more is replaced between two storms: what it gathered would slow the next ones. */
export const RSS_BYTES_MAX = 2 ** 30;

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
  /** With more memory than this a process is replaced; `RSS_BYTES_MAX` where nothing is said. */
  readonly rssBytesMax?: number | undefined;
  /** Of the program, where it is not that of this process. */
  readonly main?: string | undefined;
}

/** What a process says of a storm. */
interface Told {
  readonly run: Run;
  /** Of the process, after it. */
  readonly rssBytes: number;
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
  const { jobs, onRun, seeds, signal } = options;
  const left = [...seeds];
  const done = new Map<number, Run>();
  const waiting = [...seeds];
  const take = (): number | undefined => (signal.aborted ? undefined : left.shift());
  const finish = (run: Run): void => {
    done.set(run.seed, run);
    while (done.has(waiting[0] ?? -1)) onRun(done.get(waiting.shift()!)!);
  };
  const children = new Set<ChildProcess>();
  const lane = () => new Lane(options, children).workOff(take, finish);
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, lane));
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
  // What was interrupted has gaps: what lies behind them is told all the same.
  for (const seed of waiting) if (done.has(seed)) onRun(done.get(seed)!);
  return seeds.flatMap((seed) => done.get(seed) ?? []);
}

/** One process after the other, each until it holds too much. */
class Lane {
  readonly #options: ProcessesOptions;
  /** Of all lanes, those that live. */
  readonly #children: Set<ChildProcess>;

  constructor(options: ProcessesOptions, children: Set<ChildProcess>) {
    this.#options = options;
    this.#children = children;
  }

  async workOff(take: () => number | undefined, finish: (run: Run) => void): Promise<void> {
    const { args, main = MAIN, rssBytesMax = RSS_BYTES_MAX } = this.#options;
    let child: ChildProcess | undefined;
    for (let seed = take(); seed !== undefined; seed = take()) {
      child ??= fork(main, ['sim', '--job', ...args]);
      this.#children.add(child);
      const { rssBytes, run } = await runIn(child, seed);
      const isFull = rssBytes > rssBytesMax;
      if (isFull) child = this.#retire(child);
      finish(run);
    }
  }

  #retire(child: ChildProcess): undefined {
    child.removeAllListeners();
    this.#children.delete(child);
    child.disconnect();
  }
}

function runIn(child: ChildProcess, seed: number): Promise<Told> {
  return new Promise((resolve, reject) => {
    child.removeAllListeners();
    child.once('message', (told) => resolve(told as Told));
    child.once('error', reject);
    child.once('exit', (code) => reject(new JobFailed(`a process ended with ${code} in seed ${seed}`)));
    child.send({ seed });
  });
}

/** The other end: runs what it is sent, until nobody is there any more. */
export function serveAsJob(runOne: (seed: number) => Promise<Run>): Promise<void> {
  return new Promise((resolve, reject) => {
    // A terminal interrupts all processes of a campaign; the first of them decides what that means.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
    process.on('message', ({ seed }: { readonly seed: number }) => {
      runOne(seed).then((run) => process.send!(toldOf(run)), reject);
    });
    process.once('disconnect', resolve);
  });
}

function toldOf(run: Run): Told {
  return { run, rssBytes: process.memoryUsage.rss() };
}
