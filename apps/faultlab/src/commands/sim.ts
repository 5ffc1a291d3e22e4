import { Command, Option } from 'commander';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { processorMs, type Run, runScenarios } from '../campaigns/campaign.js';
import { findingsOf } from '../campaigns/numbers.js';
import { type Plan, type Profile, PROFILES, stormMsOf } from '../faults/plan.js';
import { EXIT_CODES, exitCodeOf } from '../oracles/rules.js';
import { toJunit } from '../reports/junit.js';
import { toReport } from '../reports/report.js';
import { lineOf, progressOf, tableOf, tellingOf } from '../reports/terminal.js';
import { INTERRUPTED } from './interruption.js';
import { plantName, positive, profileName, seconds, whole } from './numbers.js';
import { appendToLedger } from './ledger-file.js';
import { asJob, campaign, type Campaign, firstOnes, type SeedsOptions, settingOf } from './sim-campaign.js';
import { everyScenario, readScenario } from '../scenarios/scenarios.js';
import { say, tell, writeDocument } from './output.js';
import { ownPlugins } from './config-file.js';
import { UsageError } from './plan-file.js';
import { sealsProfile } from './seals.js';

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly seconds?: number;
  readonly twiceEvery: number;
  readonly profile: Profile | 'seals';
  readonly plant?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly whole?: boolean;
  readonly seals: number;
  readonly scenario?: readonly string[];
  readonly scenarios?: boolean;
  readonly jobs: number;
  readonly records: number;
  readonly job?: boolean;
  readonly resume?: string;
  readonly ledger?: string;
  readonly config?: string;
}

const PROGRESS_EVERY = 10;

const profileOrSeals = (text: string): Options['profile'] => (text === 'seals' ? text : profileName(text));

export function simCommand(): Command {
  return new Command('sim')
    .description('Puts simulated clusters through storms, seed after seed')
    .option('--seeds <n>', 'how many', positive, 20)
    .option('--from <seed>', 'the first', whole, 1)
    .option('--seconds <s>', 'how long things go wrong, in virtual time (15, or 60 for standard)', seconds)
    .option('--twice-every <n>', 'run every n-th seed twice and compare traces; 0 for none', whole, 10)
    .option(
      '--profile <name>',
      `what goes wrong: ${PROFILES.join(', ')}; seals puts disks back and seals much`,
      profileOrSeals,
      'swarm',
    )
    .option('--scenario <name...>', 'these directed storms instead, by name or by id such as S11')
    .option('--scenarios', 'every directed storm, and every one that once broke something')
    .option('--seals <n>', 'with --profile seals: how many at least', positive, 2_000_000)
    .option('--plant <name>', 'with a planted bug', plantName)
    .option('--json <file>', 'write a report; - for standard output')
    .option(
      '--records <n>',
      'storms that break a rule of which the report holds all, for a timeline',
      whole,
      3,
    )
    .option('--junit <file>', 'write one test case per seed')
    .option(
      '--jobs <n>',
      'so many storms at once, each in a process of its own',
      positive,
      availableParallelism(),
    )
    .option('--resume <report>', 'leave out the seeds that this report holds, and take them into the new one')
    .option('--config <file>', 'with the plugins that this file names, in place of twins')
    .option('--ledger <file>', 'append one line about this campaign')
    .addOption(new Option('--job', 'as one of these processes').hideHelp())
    .option('--whole', 'keep the stories of storms that went well in the report, too')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- sim --seeds 200 --json report.json')
    .action(sim);
}

async function sim({ profile, ...options }: Options): Promise<void> {
  if (profile === 'seals') return sealsProfile(options);
  const plugins = await ownPlugins(options.config);
  const seconds = options.seconds ?? stormMsOf(profile);
  if (options.job === true) return asJob({ ...options, seconds, profile, plugins });
  // Without a report nobody would look at it.
  const records = options.json === undefined ? 0 : options.records;
  const common = { ...options, seconds, profile, plugins, records };
  const print = options.json === '-' ? tell : say;
  const begunAt = performance.now();
  const onRun = (run: Run, done: number) => {
    print(lineOf(run));
    const elapsedMs = performance.now() - begunAt;
    if (done % PROGRESS_EVERY === 0) tell(progressOf(done, options.seeds, elapsedMs));
  };
  const { plant, scenario } = options;
  const directed = options.scenarios === true ? await everyScenario() : await chosenScenarios(scenario);
  const done =
    directed === undefined
      ? await campaign({ ...common, onRun })
      : await directedCampaign(directed, { plant, plugins, records, onRun });
  const setting = directed === undefined ? settingOf(common) : undefined;
  for (const run of done.runs) if (run.findings.length > 0) print(tellingOf(run));
  const runs = [...done.before, ...done.runs].sort((a, b) => a.seed - b.seed);
  print(tableOf(runs));
  const about = { command: 'sim', node: process.version, isWhole: options.whole === true, setting };
  if (options.json !== undefined) await writeDocument(options.json, toReport(runs, about));
  if (options.junit !== undefined) await writeFile(options.junit, toJunit(runs));
  if (options.ledger !== undefined) await appendToLedger(options.ledger, done.runs);
  process.exitCode = exitCodeOf(findingsOf(runs)) || (done.isInterrupted ? INTERRUPTED : EXIT_CODES.ok);
}

async function directedCampaign(
  plans: readonly Plan[],
  { onRun, plant, plugins, records }: Pick<SeedsOptions, 'onRun' | 'plant' | 'plugins' | 'records'>,
): Promise<Campaign> {
  let done = 0;
  const now = () => performance.now();
  const willRecord = firstOnes(records);
  const each = (run: Run) => onRun(run, ++done);
  const runs = await runScenarios(plans, { plant, plugins, now, processorMs, willRecord, onRun: each });
  return { runs, before: [], isInterrupted: false };
}

async function chosenScenarios(names: readonly string[] | undefined): Promise<readonly Plan[] | undefined> {
  if (names === undefined) return undefined;
  try {
    return await Promise.all(names.map((name) => readScenario(name)));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}
