import { toHex } from '@caisson/base';
import { Command } from 'commander';
import { closeSync, openSync, writeSync } from 'node:fs';
import { divergence, processorMs, type Run, stopwatch } from '../campaigns/campaign.js';
import { type Plan, type Profile, stormMsOf } from '../faults/plan.js';
import { exitCodeOf } from '../oracles/rules.js';
import { toReport } from '../reports/report.js';
import { lineOf, tellingOf } from '../reports/terminal.js';
import { runPlan, runSeed, type StormExtras } from '../storm/storm.js';
import type { Verdict } from '../storm/verdict.js';
import type { TraceListener, TracePart } from '../trace/trace.js';
import { plantName, profileName, seconds, whole } from './numbers.js';
import { ownPlugins } from './config-file.js';
import { say, tell, writeDocument } from './output.js';
import { readPlan, UsageError } from './plan-file.js';

const LINES_AT_ONCE = 1000;

interface Options {
  readonly seed?: number;
  readonly plan?: string;
  readonly seconds?: number;
  readonly profile: Profile;
  readonly plant?: string;
  readonly expect?: string;
  readonly writePlan?: string;
  readonly trace?: string;
  readonly json?: string;
  readonly config?: string;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('Runs one storm again and tells its story; a trace that differs ends with 6')
    .option('--seed <seed>', 'the storm of this seed', whole)
    .option('--plan <file>', 'the storm of this plan, or of the first in this report that broke a rule')
    .option(
      '--seconds <s>',
      'with --seed: how long things go wrong, in virtual time (15, or 60 for standard)',
      seconds,
    )
    .option('--profile <name>', 'with --seed: what goes wrong', profileName, 'swarm')
    .option('--plant <name>', 'with a planted bug', plantName)
    .option('--expect <hash>', 'what the trace hash should be; by default the one in the plan')
    .option('--write-plan <file>', 'write what happened as a plan')
    .option('--trace <file>', 'write every event, one JSON document a line')
    .option('--config <file>', 'with the plugins that this file names, in place of twins')
    .option('--json <file>', 'write a report with the whole story; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- replay --seed 17 --write-plan plan.json')
    .action(replay);
}

async function replay(options: Options): Promise<void> {
  const print = options.json === '-' ? tell : say;
  const plan = options.plan === undefined ? undefined : await readPlan(options.plan);
  const plugins = await ownPlugins(options.config);
  const stop = stopwatch(() => performance.now(), processorMs);
  const verdict = await traced(options.trace, (listener) =>
    runOne(plan, options, { isAttributed: true, isRecorded: options.json !== undefined, listener, plugins }),
  );
  const taken = stop();
  const traceHash = options.expect ?? (isSameRun(plan, options) ? plan?.traceHash : undefined);
  const differs = divergence({ traceHash: traceHash ?? verdict.traceHash }, verdict);
  const run: Run = { ...verdict, ...taken, findings: [...verdict.findings, ...differs] };
  print(tellingOf(run));
  print(lineOf(run));
  if (options.writePlan !== undefined) await writeDocument(options.writePlan, run.plan);
  const about = { command: 'replay', node: process.version, isWhole: true };
  if (options.json !== undefined) await writeDocument(options.json, toReport([run], about));
  process.exitCode = exitCodeOf(run.findings);
}

function runOne(plan: Plan | undefined, options: Options, extras: StormExtras): Promise<Verdict> {
  const { plant, profile, seconds: stormMs = stormMsOf(profile), seed } = options;
  if (plan !== undefined) return runPlan(plan, { ...extras, plant });
  if (seed === undefined) throw new UsageError('replay needs --seed or --plan');
  return runSeed({ seed, stormMs, profile }, { ...extras, plant });
}

/** Whether the hash in the plan is of this run: with another bug planted it is not. */
function isSameRun(plan: Plan | undefined, { plant }: Options): boolean {
  return plant === undefined || plant === plan?.plant;
}

async function traced<T>(
  path: string | undefined,
  work: (listener: TraceListener | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined) return work(undefined);
  // Within a storm nothing may be under way in the real world, so lines are written at once, many at a time.
  const file = openSync(path, 'w');
  let lines: string[] = [];
  const flush = () => {
    writeSync(file, lines.join(''));
    lines = [];
  };
  try {
    const result = await work((atMs, kind, parts, hash) => {
      lines.push(`${JSON.stringify({ atMs, kind, parts: parts.map(shown), hash })}\n`);
      if (lines.length >= LINES_AT_ONCE) flush();
    });
    flush();
    return result;
  } finally {
    closeSync(file);
  }
}

function shown(part: TracePart): string | number {
  return part instanceof Uint8Array ? toHex(part) : part;
}
