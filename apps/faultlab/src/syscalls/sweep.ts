import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../oracles/rules.js';
import { callsIn, nameOf, type Point, pointsOf } from './points.js';
import type { SeriesName } from './series.js';
import { type Ended, injecting, recording, runVictim } from './strace.js';
import { acknowledgedTooLate, parseTold, UNTYPED } from './told.js';

/** What came of one point. */
export interface PointDone {
  readonly series: SeriesName;
  readonly point: Point;
  /** Where a process came to its end before it got there, nothing was tried. */
  readonly reached: boolean;
  /** Steps that were acknowledged before. */
  readonly acknowledged: number;
  /** How the process saw an error: the code of its first refusal. */
  readonly refusal?: string;
  /** Whether another process was killed while it recovered. */
  readonly again: boolean;
  /** Nothing could be opened any more, by what the database itself did to its files; it was said so. */
  readonly givenUp: boolean;
  readonly finding?: Finding;
}

export interface SweepOptions {
  readonly series: SeriesName;
  readonly count: number;
  readonly seed: number;
  /** Of all points; all where nothing is said. */
  readonly only?: (name: string) => boolean;
  /** Kill each recovery as well, and recover again. */
  readonly isNested: boolean;
  /** A planted bug: steps are acknowledged before they are taken. */
  readonly isHasty?: boolean;
  /** Of an earlier run; they are not tried again. */
  readonly done: readonly PointDone[];
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, all: number) => void;
}

/**
 * Records a series once, and then runs it again for each point at which something happens to it. Whatever is
 * left is opened by a process that knows nothing of it, and must hold what was promised.
 */
export async function sweep(options: SweepOptions): Promise<readonly PointDone[]> {
  const { count, done, only = () => true, onProgress, seed, series, signal } = options;
  const place = await mkdtemp(join(tmpdir(), 'faultlab-syscalls-'));
  try {
    const ground = new Ground(place, options);
    const points = pointsOf(await ground.record(), { count, seed, only });
    const known = new Map(
      done.filter((each) => each.series === series).map((each) => [nameOf(each.point), each]),
    );
    const results: PointDone[] = [];
    for (const point of points) {
      if (signal.aborted) break;
      results.push(known.get(nameOf(point)) ?? (await ground.attack(point)));
      onProgress(results.length, points.length);
    }
    return results;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** A folder for everything that one series leaves. */
class Ground {
  readonly #prepared: string;
  readonly #folder: string;
  readonly #trace: string;
  readonly #told: string;
  readonly #options: SweepOptions;

  constructor(place: string, options: SweepOptions) {
    this.#prepared = join(place, 'prepared');
    this.#folder = join(place, 'files');
    this.#trace = join(place, 'trace');
    this.#told = join(place, 'told');
    this.#options = options;
  }

  get #part(): string {
    return this.#options.isHasty ? 'run-hastily' : 'run';
  }

  /** What the process does that is killed later; prepares what it begins with. */
  async record() {
    await mkdir(this.#prepared);
    const prepared = await this.#victim('prepare', this.#prepared);
    if (prepared.said?.code !== undefined) throw new RangeError(prepared.said.text);
    await this.#begin();
    const ended = await this.#victim(this.#part, this.#folder, recording(this.#trace));
    if (!parseTold(ended.output).isDone) throw new RangeError(`not recorded: ${ended.said?.text}`);
    return callsIn(await readFile(this.#trace, 'utf8'), this.#folder);
  }

  async attack(point: Point): Promise<PointDone> {
    const { isNested, series } = this.#options;
    await this.#begin();
    const tracing = injecting(point, this.#folder, this.#trace);
    const ended = await this.#victim(this.#part, this.#folder, tracing);
    const told = parseTold(ended.output);
    const reached = await this.#wasReached(point, ended);
    await writeFile(this.#told, ended.output);
    const again = isNested && reached && (await this.#killRecovery(point));
    const judged = await this.#victim('judge', this.#folder, [], this.#told);
    const givenUp = isGivenUp(point, judged);
    const problem = givenUp ? undefined : problemOf(point, ended, judged);
    const refusal = [...told.refused, ...told.asides][0]?.[1] ?? ended.said?.code;
    return {
      series,
      point,
      reached,
      acknowledged: told.acknowledged.length,
      ...(refusal !== undefined && { refusal }),
      again,
      givenUp,
      ...(problem && {
        finding: { ...problem, atMs: 0, text: `${series}, ${nameOf(point)}: ${problem.text}` },
      }),
    };
  }

  async #begin(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await cp(this.#prepared, this.#folder, { recursive: true });
  }

  /** The same call is taken to be made again on the way back up, and so often that it may not come. */
  async #killRecovery(point: Point): Promise<boolean> {
    const nth = 1 + (point.nth % RECOVERY_CALLS);
    const call = point.deed === 'kill' ? point.call : 'fdatasync';
    const tracing = ['strace', '-f', '-qq', '-o', this.#trace, '-e', `trace=${call}`];
    const kill = ['-e', `inject=${call}:signal=KILL:when=${nth}`];
    const ended = await this.#victim('recover', this.#folder, [...tracing, ...kill]);
    return ended.said === undefined;
  }

  /** A process says how it ended unless it was killed; an error that was made is in the trace. */
  async #wasReached({ deed }: Point, { said }: Ended): Promise<boolean> {
    if (deed === 'kill') return said === undefined;
    return (await readFile(this.#trace, 'utf8')).includes('(INJECTED)');
  }

  #victim(part: string, folder: string, tracing: readonly string[] = [], ...more: readonly string[]) {
    return runVictim([this.#options.series, part, folder, ...more], tracing);
  }
}

const RECOVERY_CALLS = 6;

/**
 * RocksDB takes its new manifest away again where the directory cannot be synced, although `CURRENT` names it
 * by then: nobody can open that database any more. It is refused, and the node has to be built anew.
 */
function isGivenUp({ call, deed, file }: Point, judged: Ended): boolean {
  const isDirectory = call === 'fsync' && file.endsWith('/db');
  return deed !== 'kill' && isDirectory && judged.said?.code === 'CORRUPTION';
}

function problemOf({ deed }: Point, ended: Ended, judged: Ended): Pick<Finding, 'rule' | 'text'> | undefined {
  const told = parseTold(ended.output);
  if (ended.hung || judged.hung) return { rule: 'L1', text: 'a process hung' };
  if (ended.said === undefined && deed !== 'kill')
    return { rule: 'L5', text: `the process ended by ${ended.signal} when a call failed` };
  const late = acknowledgedTooLate(told);
  if (late !== undefined)
    return {
      rule: 'R6',
      text: `step ${late} was acknowledged after step ${told.refused[0]?.[0]} had failed`,
    };
  const untyped = [...told.refused, ...told.asides].find(([, code]) => code === UNTYPED);
  if (untyped !== undefined || ended.said?.code === UNTYPED)
    return { rule: 'L5', text: `an error without a code: ${ended.said?.text ?? `at step ${untyped?.[0]}`}` };
  if (judged.said === undefined) return { rule: 'R6', text: `the next process ended by ${judged.signal}` };
  if (judged.said.code !== undefined)
    return { rule: 'R6', text: `the next process was refused: ${judged.said.text}` };
  if (judged.said.broken === undefined) return undefined;
  const rule = judged.said.broken.startsWith('a value stands') ? 'E5' : 'R6';
  return { rule, text: judged.said.broken };
}
