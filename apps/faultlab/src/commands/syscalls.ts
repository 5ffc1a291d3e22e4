import Table from 'cli-table3';
import { Argument, Command } from 'commander';
import { probeCapabilities } from '../chaos/capabilities.js';
import { describeFinding, EXIT_CODES, exitCodeOf } from '../oracles/rules.js';
import { SERIES, SERIES_NAMES, type SeriesName } from '../syscalls/series.js';
import { type Summary, summaryOf } from '../syscalls/summary.js';
import { type PointDone, sweep } from '../syscalls/sweep.js';
import { positive, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { readDocument, UsageError } from './plan-file.js';

interface Options {
  readonly points: number;
  readonly seed: number;
  readonly nested: boolean;
  readonly hasty?: boolean;
  readonly only?: string;
  readonly resume?: string;
  readonly json?: string;
}

interface Report {
  readonly schema: typeof SCHEMA;
  readonly points: readonly PointDone[];
}

const SCHEMA = 'caisson.faultlab.syscalls/v1';
const PROGRESS_MS = 5000;
const SHOWN = 10;

export function syscallsCommand(): Command {
  return new Command('syscalls')
    .description('Kills real processes at a system call, or lets it fail, and opens what is left')
    .addArgument(new Argument('[series...]', 'what the processes do').choices(SERIES_NAMES))
    .option('--points <n>', 'calls of each series, drawn from all that change its files', positive, 150)
    .option('--seed <seed>', 'of what is drawn', whole, 1)
    .option('--only <text>', 'points whose name has this in it, such as "EIO at fsync"')
    .option('--no-nested', 'do not kill recoveries as well')
    .option('--hasty', 'with a planted bug: steps are acknowledged before they are taken')
    .option('--resume <file>', 'leave out the points that a report holds')
    .option('--json <file>', 'write every point; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- syscalls store log --points 300')
    .action(syscalls);
}

async function syscalls(given: readonly string[], options: Options): Promise<void> {
  const names = given.length === 0 ? SERIES_NAMES : (given as readonly SeriesName[]);
  const missing = (await probeCapabilities()).find(({ need }) => need === 'tracing')?.missing;
  const print = options.json === '-' ? tell : say;
  if (missing !== undefined) {
    print(`nothing was tried: ${missing}`);
    process.exitCode = EXIT_CODES.harness;
    return;
  }
  const done = options.resume === undefined ? [] : await pointsIn(options.resume);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const points: PointDone[] = [];
  const summaries: Summary[] = [];
  for (const series of names) {
    const { seed, points: count, nested, hasty, only = '' } = options;
    const came = await sweep({
      series,
      count,
      seed,
      only: (name) => name.includes(only),
      isNested: nested,
      isHasty: hasty === true,
      done,
      signal: interrupted.signal,
      onProgress: progressOf(series),
    });
    points.push(...came);
    summaries.push(summaryOf(series, came));
  }
  const findings = summaries.flatMap((summary) => summary.findings);
  for (const finding of findings.slice(0, SHOWN)) print(describeFinding(finding));
  print(tableOf(summaries));
  const report: Report = { schema: SCHEMA, points };
  if (options.json !== undefined) await writeDocument(options.json, report);
  process.exitCode = interrupted.signal.aborted ? INTERRUPTED : exitCodeOf(findings);
}

const INTERRUPTED = 130;

async function pointsIn(path: string): Promise<readonly PointDone[]> {
  const report = (await readDocument(path)) as Partial<Report>;
  if (report.schema !== SCHEMA) throw new UsageError(`${path} is not what syscalls writes`);
  return report.points ?? [];
}

/** Points of an earlier run take no time: the rate is that of the last while. */
function progressOf(series: SeriesName): (done: number, all: number) => void {
  let toldAt = performance.now();
  let toldDone = 0;
  return (done, all) => {
    const elapsedMs = performance.now() - toldAt;
    if (elapsedMs < PROGRESS_MS) return;
    const rate = ((done - toldDone) * 1000) / elapsedMs;
    tell(
      `${series}: ${done} of ${all} points, ${rate.toFixed(1)}/s, ${((all - done) / rate).toFixed(0)} s to go`,
    );
    [toldAt, toldDone] = [performance.now(), done];
  };
}

function tableOf(summaries: readonly Summary[]): string {
  const table = new Table({
    head: [
      ...['series', 'killed', 'EIO', 'ENOSPC', 'not reached', 'again'],
      ...['refused with', 'promises', 'given up', 'broken'],
    ],
    style: { head: [], border: [] },
  });
  for (const summary of summaries) {
    const { acknowledged, findings, givenUp, killedAgain, notReached, reached, refusals, series } = summary;
    const refused = Object.entries(refusals).map(([code, count]) => `${code} ${count}`);
    table.push([
      `${series}: ${SERIES[series].about}`,
      String(reached.kill),
      String(reached.EIO),
      String(reached.ENOSPC),
      String(notReached),
      String(killedAgain),
      [...refused, `nothing ${summary.unnoticed}`].join('\n'),
      String(acknowledged),
      String(givenUp),
      String(findings.length),
    ]);
  }
  return table.toString();
}
