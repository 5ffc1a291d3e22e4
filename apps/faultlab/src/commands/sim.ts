import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { runCampaign } from '../campaigns/campaign.js';
import { findingsOf } from '../campaigns/numbers.js';
import { type Profile, PROFILES } from '../faults/plan.js';
import { exitCodeOf } from '../oracles/rules.js';
import { toJunit } from '../reports/junit.js';
import { toReport } from '../reports/report.js';
import { lineOf, progressOf, tableOf, tellingOf } from '../reports/terminal.js';
import { plantName, positive, profileName, seconds, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { sealsProfile } from './seals.js';

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly seconds: number;
  readonly twiceEvery: number;
  readonly profile: Profile | 'seals';
  readonly plant?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly whole?: boolean;
  readonly seals: number;
}

const PROGRESS_EVERY = 10;

const profileOrSeals = (text: string): Options['profile'] => (text === 'seals' ? text : profileName(text));

export function simCommand(): Command {
  return new Command('sim')
    .description('Puts simulated clusters through storms, seed after seed')
    .option('--seeds <n>', 'how many', positive, 20)
    .option('--from <seed>', 'the first', whole, 1)
    .option('--seconds <s>', 'how long things go wrong, in virtual time', seconds, 15_000)
    .option('--twice-every <n>', 'run every n-th seed twice and compare traces; 0 for none', whole, 10)
    .option(
      '--profile <name>',
      `what goes wrong: ${PROFILES.join(' or ')}; seals puts disks back and seals much`,
      profileOrSeals,
      'swarm',
    )
    .option('--seals <n>', 'with --profile seals: how many at least', positive, 2_000_000)
    .option('--plant <name>', 'with a planted bug', plantName)
    .option('--json <file>', 'write a report; - for standard output')
    .option('--junit <file>', 'write one test case per seed')
    .option('--whole', 'keep the stories of storms that went well in the report, too')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- sim --seeds 200 --json report.json')
    .action(sim);
}

async function sim({ profile, ...options }: Options): Promise<void> {
  if (profile === 'seals') return sealsProfile(options);
  const print = options.json === '-' ? tell : say;
  const begunAt = performance.now();
  const runs = await runCampaign({
    ...options,
    profile,
    stormMs: options.seconds,
    now: () => performance.now(),
    onRun: (run, done) => {
      print(lineOf(run));
      const elapsedMs = performance.now() - begunAt;
      if (done % PROGRESS_EVERY === 0) tell(progressOf(done, options.seeds, elapsedMs));
    },
  });
  for (const run of runs) if (run.findings.length > 0) print(tellingOf(run));
  print(tableOf(runs));
  const about = { command: 'sim', node: process.version, isWhole: options.whole === true };
  if (options.json !== undefined) await writeDocument(options.json, toReport(runs, about));
  if (options.junit !== undefined) await writeFile(options.junit, toJunit(runs));
  process.exitCode = exitCodeOf(findingsOf(runs));
}
