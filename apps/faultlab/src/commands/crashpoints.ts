import Table from 'cli-table3';
import { Argument, Command, Option } from 'commander';
import { type CrashNumbers, explore, sumOf } from '../crashpoints/explorer.js';
import { findingsOf } from '../crashpoints/findings.js';
import { ownLogs } from '../crashpoints/own-logs.js';
import { type TargetName, type TargetOptions, TARGETS } from '../crashpoints/targets.js';
import { describeFinding, EXIT_CODES, exitCodeOf } from '../oracles/rules.js';
import { plantNamed } from '../plants/plants.js';
import { ownPlugins } from './config-file.js';
import { plantName, positive, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { UsageError } from './plan-file.js';

interface Options {
  readonly depth: '1' | '2';
  readonly bound: number;
  readonly recoveriesMax: number;
  readonly seed: number;
  readonly plant?: string;
  readonly errors?: boolean;
  readonly deep?: boolean;
  readonly config?: string;
  readonly json?: string;
}

interface Result extends CrashNumbers {
  readonly target: string;
  readonly about: string;
  readonly wallMs: number;
}

const SCHEMA = 'caisson.faultlab.crashpoints/v1';
const NAMES = Object.keys(TARGETS) as TargetName[];
const PROFILES = ['journalled', 'weak'] as const;
const PROGRESS_MS = 5000;
const SHOWN = 5;
/** Of a protocol that is drawn, one way after the other. */
const DEEP_RECOVERIES = 200_000;
/** As a shell says it of a program that was interrupted. */
const INTERRUPTED = 130;

export function crashpointsCommand(): Command {
  return new Command('crashpoints')
    .description('Loses power behind every operation of a protocol, in every way a disk allows, and recovers')
    .addArgument(new Argument('[target...]', 'which protocols').choices(NAMES))
    .addOption(
      new Option('--depth <n>', '2 crashes again during each recovery').choices(['1', '2']).default('1'),
    )
    .option('--errors', 'let each operation fail once as well, in each way it may')
    .option('--deep', `both of these, and what is drawn anew until ${DEEP_RECOVERIES} recoveries are made`)
    .option('--config <file>', 'the log of the plugins that this file names, for truncation')
    .option('--bound <n>', 'ways to crash behind one operation; more are drawn', positive, 4096)
    .option('--recoveries-max <n>', 'recoveries of each protocol; the rest is counted', positive, 1_000_000)
    .option('--seed <seed>', 'of what is drawn', whole, 1)
    .option('--plant <name>', 'with a planted bug', plantName)
    .option('--json <file>', 'write the results; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- crashpoints sidecar --depth 2')
    .action(crashpoints);
}

async function crashpoints(given: readonly string[], options: Options): Promise<void> {
  const plugins = await ownPlugins(options.config);
  const all = plugins === undefined ? NAMES : (['truncation'] as const);
  const names = given.length === 0 ? all : (given as readonly TargetName[]);
  if (plugins !== undefined && names.some((name) => name !== 'truncation'))
    throw new UsageError('with --config only truncation: all other protocols are those of whole nodes');
  const logs = plugins && ownLogs(plugins);
  if (plugins !== undefined && logs === undefined)
    throw new UsageError(`${options.config} names no plugin that provides RaftLogs`);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt);
  const results: Result[] = [];
  for (const name of names) {
    if (interruption.signal.aborted) break;
    results.push(await crashAgain(name, { ...options, logs, signal: interruption.signal }));
  }
  process.off('SIGINT', interrupt);
  const findings = results.flatMap(findingsOf);
  const { json } = options;
  const print = json === '-' ? tell : say;
  for (const finding of findings.slice(0, SHOWN)) print(describeFinding(finding));
  print(tableOf(results));
  if (json !== undefined) await writeDocument(json, { schema: SCHEMA, results });
  process.exitCode = exitCodeOf(findings) || (interruption.signal.aborted ? INTERRUPTED : EXIT_CODES.ok);
}

interface Crashing extends Options {
  readonly logs: TargetOptions['logs'] | undefined;
  readonly signal: AbortSignal;
}

/** Once; a protocol that is drawn as often as it takes, if it is to be gone into deeply. */
async function crashAgain(target: TargetName, options: Crashing): Promise<Result> {
  let result = await crashEverywhere(target, options);
  const { deep = false, signal } = options;
  const isDue = (): boolean =>
    deep && target === 'truncation' && result.failures.length === 0 && !signal.aborted;
  for (let round = 1; isDue() && recoveriesOf(result) < DEEP_RECOVERIES; round++) {
    // What fails has been gone through by then.
    const again = { ...options, deep: false, depth: '2' as const, seed: options.seed + round };
    const next = await crashEverywhere(target, again);
    result = { ...result, ...sumOf(result, next), wallMs: result.wallMs + next.wallMs };
    tell(`${target}: ${recoveriesOf(result)} of ${DEEP_RECOVERIES} recoveries, in ${round + 1} ways`);
  }
  return result;
}

const recoveriesOf = ({ nestedRecovered, recovered }: CrashNumbers): number => recovered + nestedRecovered;

async function crashEverywhere(target: TargetName, options: Crashing): Promise<Result> {
  const { bound, deep = false, depth, errors = false, logs, plant, recoveriesMax, seed, signal } = options;
  const around = plant === undefined ? undefined : plantNamed(plant).disk;
  const made = TARGETS[target]({
    ...(around && { around }),
    ...(logs && { logs }),
    seed,
  });
  const begunAt = performance.now();
  let toldAt = begunAt;
  const onProgress = (done: number, expected: number, recovered: number): void => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    const [secondsGone, left] = [(now - begunAt) / 1000, ((now - begunAt) / done) * (expected - done)];
    const rate = `${(recovered / secondsGone).toFixed(0)} recoveries a second`;
    tell(`${target}: ${done} of ${expected} images, ${rate}, ${(left / 1000).toFixed(0)} s to go`);
  };
  const withErrors = errors || deep;
  const setting = { profiles: PROFILES, bound, recoveriesMax, seed, onProgress, withErrors, signal };
  // Targets promise different things, and none of them looks into another's.
  const numbers = await explore<unknown>(made as never, {
    ...setting,
    depth: depth === '2' || deep ? 2 : 1,
  });
  return { target, about: made.about, wallMs: performance.now() - begunAt, ...numbers };
}

function tableOf(results: readonly Result[]): string {
  const table = new Table({
    head: [
      'protocol',
      'operations',
      'ways',
      'images',
      'recovered',
      'again',
      'errors',
      'refused',
      'broken',
      'time',
    ],
    style: { head: [], border: [] },
  });
  for (const result of results) {
    const { errorRuns, failures, images, nestedImages, nestedRecovered, prefixes, recovered, target, ways } =
      result;
    const refused = Object.entries(result.refused).map(([code, count]) => `${code} ${count}`);
    table.push([
      target,
      String(prefixes),
      result.sampled > 0 ? `${ways}, drawn behind ${result.sampled} operations` : `${ways}, all of them`,
      result.leftOut > 0
        ? `${images + nestedImages}, left out ${result.leftOut}`
        : String(images + nestedImages),
      String(recovered),
      String(nestedRecovered),
      String(errorRuns),
      refused.join('\n') || '0',
      String(failures.length),
      `${(result.wallMs / 1000).toFixed(1)} s`,
    ]);
  }
  return table.toString();
}
