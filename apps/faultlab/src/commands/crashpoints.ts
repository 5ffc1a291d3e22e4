import Table from 'cli-table3';
import { Argument, Command, Option } from 'commander';
import { type CrashNumbers, explore } from '../crashpoints/explorer.js';
import { findingsOf } from '../crashpoints/findings.js';
import { type TargetName, TARGETS } from '../crashpoints/targets.js';
import { describeFinding, exitCodeOf } from '../oracles/rules.js';
import { plantNamed } from '../plants/plants.js';
import { plantName, positive, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';

interface Options {
  readonly depth: '1' | '2';
  readonly bound: number;
  readonly recoveriesMax: number;
  readonly seed: number;
  readonly plant?: string;
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

export function crashpointsCommand(): Command {
  return new Command('crashpoints')
    .description('Loses power behind every operation of a protocol, in every way a disk allows, and recovers')
    .addArgument(new Argument('[target...]', 'which protocols').choices(NAMES))
    .addOption(
      new Option('--depth <n>', '2 crashes again during each recovery').choices(['1', '2']).default('1'),
    )
    .option('--bound <n>', 'ways to crash behind one operation; more are drawn', positive, 4096)
    .option('--recoveries-max <n>', 'recoveries of each protocol; the rest is counted', positive, 1_000_000)
    .option('--seed <seed>', 'of what is drawn', whole, 1)
    .option('--plant <name>', 'with a planted bug', plantName)
    .option('--json <file>', 'write the results; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- crashpoints sidecar --depth 2')
    .action(crashpoints);
}

async function crashpoints(given: readonly string[], options: Options): Promise<void> {
  const names = given.length === 0 ? NAMES : (given as readonly TargetName[]);
  const results: Result[] = [];
  for (const name of names) results.push(await crashEverywhere(name, options));
  const findings = results.flatMap(findingsOf);
  const { json } = options;
  const print = json === '-' ? tell : say;
  for (const finding of findings.slice(0, SHOWN)) print(describeFinding(finding));
  print(tableOf(results));
  if (json !== undefined) await writeDocument(json, { schema: SCHEMA, results });
  process.exitCode = exitCodeOf(findings);
}

async function crashEverywhere(target: TargetName, options: Options): Promise<Result> {
  const { bound, depth, plant, recoveriesMax, seed } = options;
  const around = plant === undefined ? undefined : plantNamed(plant).disk;
  const made = TARGETS[target](around === undefined ? {} : { around });
  const begunAt = performance.now();
  let toldAt = begunAt;
  const onProgress = (done: number, found: number): void => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    const left = ((now - begunAt) / done) * (found - done);
    tell(`${target}: ${done} of ${found} images, ${(left / 1000).toFixed(0)} s to go`);
  };
  const setting = { profiles: PROFILES, bound, recoveriesMax, seed, onProgress };
  // Targets promise different things, and none of them looks into another's.
  const numbers = await explore<unknown>(made as never, { ...setting, depth: depth === '2' ? 2 : 1 });
  return { target, about: made.about, wallMs: performance.now() - begunAt, ...numbers };
}

function tableOf(results: readonly Result[]): string {
  const table = new Table({
    head: ['protocol', 'operations', 'ways', 'images', 'recovered', 'again', 'refused', 'broken', 'time'],
    style: { head: [], border: [] },
  });
  for (const result of results) {
    const { failures, images, nestedImages, nestedRecovered, prefixes, recovered, target, ways } = result;
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
      refused.join('\n') || '0',
      String(failures.length),
      `${(result.wallMs / 1000).toFixed(1)} s`,
    ]);
  }
  return table.toString();
}
