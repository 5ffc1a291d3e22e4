import { Command } from 'commander';
import { AWRY, shrink, type Shrunk } from '../campaigns/shrink.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import { describePlan, type Plan, type Profile, stormMsOf } from '../faults/plan.js';
import { EXIT_CODES, exitCodeOf, gravest, RULES } from '../oracles/rules.js';
import { SHRUNK_SCHEMA } from '../reports/report.js';
import { runPlan, runSeed } from '../storm/storm.js';
import type { Verdict } from '../storm/verdict.js';
import { ownPlugins } from './config-file.js';
import { plantName, positive, profileName, seconds, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { readPlan, UsageError } from './plan-file.js';

interface Options {
  readonly seed?: number;
  readonly plan?: string;
  readonly seconds?: number;
  readonly profile: Profile;
  readonly plant?: string;
  readonly triesMax: number;
  readonly writePlan?: string;
  readonly json?: string;
  readonly config?: string;
}

export function shrinkCommand(): Command {
  return new Command('shrink')
    .description('Leaves away faults as long as the same rule breaks, and prints the plan that is left')
    .option('--seed <seed>', 'a storm that breaks a rule', whole)
    .option('--plan <file>', 'the same as a plan')
    .option(
      '--seconds <s>',
      'with --seed: how long things go wrong, in virtual time (15, or 60 for standard)',
      seconds,
    )
    .option('--profile <name>', 'with --seed: what goes wrong', profileName, 'swarm')
    .option('--plant <name>', 'with a planted bug', plantName)
    .option('--config <file>', 'with the plugins that this file names, in place of twins')
    .option('--tries-max <n>', 'storms to try', positive, 200)
    .option('--write-plan <file>', 'write what is left as a plan')
    .option('--json <file>', 'write the result; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- shrink --seed 1 --plant loses-its-tail')
    .action(shrinkOne);
}

async function shrinkOne(options: Options): Promise<void> {
  const print = options.json === '-' ? tell : say;
  const plugins = await ownPlugins(options.config);
  const failed = await firstRun(options, plugins);
  const worst = gravest(failed.findings);
  if (worst === undefined) {
    print(`seed ${failed.seed} breaks no rule: there is nothing to shrink`);
    process.exitCode = EXIT_CODES.ok;
    return;
  }
  const { rule } = worst;
  tell(`${failed.plan.steps.length} steps break ${rule}: ${RULES[rule].statement}`);
  const onTry = (steps: number, isBroken: boolean) => tell(`${steps} steps: ${isBroken ? rule : 'no'}`);
  const eventsMax = AWRY * failed.counts.events;
  const run = (tried: Plan) => runPlan(tried, { plugins, until: [rule], eventsMax });
  const shrunk = await shrink(failed, { rule, run, triesMax: options.triesMax, onTry });
  print(describeShrunk(shrunk));
  const { isMinimal, tries, verdict } = shrunk;
  const { findings } = verdict;
  // Storms ended at the failure here: whoever replays the plan comes to another trace.
  const { traceHash: _, ...plan } = shrunk.plan;
  if (options.writePlan !== undefined) await writeDocument(options.writePlan, plan);
  if (options.json !== undefined) {
    // Once more, for whoever draws what is left beside what it is left of.
    const begunAt = performance.now();
    const seen = await runPlan(plan, { plugins, until: [rule], eventsMax, isRecorded: true });
    const kept = { ...seen, wallMs: performance.now() - begunAt };
    const document = { schema: SHRUNK_SCHEMA, rule, tries, isMinimal, plan, findings, run: kept };
    await writeDocument(options.json, document);
  }
  process.exitCode = exitCodeOf(findings);
}

async function firstRun(options: Options, plugins: OwnPlugins | undefined): Promise<Verdict> {
  const { plan, plant, profile, seconds: stormMs = stormMsOf(profile), seed } = options;
  if (plan !== undefined) return runPlan(await readPlan(plan), { plant, plugins });
  if (seed === undefined) throw new UsageError('shrink needs --seed or --plan');
  return runSeed({ seed, stormMs, profile }, { plant, plugins });
}

function describeShrunk({ isMinimal, plan, tries, verdict }: Shrunk): string {
  const [first] = verdict.findings;
  const end = isMinimal ? 'no step of it can go' : 'more of it might go';
  return `${describePlan(plan)}\n${first?.rule}: ${first?.text.slice(0, 400)}\n${tries} tries; ${end}`;
}
