import Table from 'cli-table3';
import { Command } from 'commander';
import { availableDeeds, DEEDS } from '../chaos/actions.js';
import { probeCapabilities } from '../chaos/capabilities.js';
import { type ChaosResult, runChaos } from '../chaos/chaos.js';
import { compareDeeds, linesOf, readDeeds, toRepeat } from '../chaos/repetition.js';
import { Journal } from '../chaos/journal.js';
import { type ChaosPlan, planChaos } from '../chaos/schedule.js';
import { describeFinding, exitCodeOf } from '../oracles/rules.js';
import { positive, seconds, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { UsageError } from './plan-file.js';

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly nodes: number;
  readonly only?: string;
  readonly journal?: string;
  readonly repeat?: string;
  readonly json?: string;
}

const CHAOS_REPORT_SCHEMA = 'caisson.faultlab.chaos-report/v1';

export function chaosCommand(): Command {
  return new Command('chaos')
    .description('Attacks real processes on this machine, and holds what their clients saw to one history')
    .option('--seconds <s>', 'how long', seconds, 360_000)
    .option('--seed <n>', 'draws what goes wrong', whole, 1)
    .option('--nodes <n>', 'members of the cluster', positive, 3)
    .option('--only <ids>', 'these kinds of fault, with commas')
    .option('--journal <file>', 'write what was done and when, as NDJSON')
    .option('--repeat <journal>', 'do again what a journal says, and say what came out otherwise')
    .option('--json <file>', 'write the result; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- chaos --seconds 60 --journal chaos.ndjson')
    .action(chaos);
}

async function chaos(options: Options): Promise<void> {
  const print = options.json === '-' ? tell : say;
  const capabilities = await probeCapabilities();
  const { kinds, left } = availableDeeds(capabilities);
  for (const { kind, why } of left) print(`left out: ${kind} (${DEEDS[kind]!.about}): ${why}`);
  const before = options.repeat === undefined ? undefined : await readDeeds(options.repeat);
  const plan = before === undefined ? planOf(options, kinds) : toRepeat(before);
  const journalPath = options.journal ?? (before && `${options.repeat}.again`);
  const journal = new Journal(journalPath, plan);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const result = await runChaos({
    plan,
    capabilities,
    journal,
    isRepetition: before !== undefined,
    left: new Map(left.map(({ kind, why }) => [kind, why])),
    signal: interrupted.signal,
    onAction: ({ action, elapsedMs, operations, refused, target }) => {
      const share = `${(elapsedMs / 1000).toFixed(0).padStart(4)} of ${plan.durationMs / 1000} s`;
      const rate = `${operations} operations, ${((operations * 1000) / elapsedMs).toFixed(0)}/s`;
      const end = refused === undefined ? '' : `  not done: ${refused}`;
      print(
        `${share}  ${action.kind.padEnd(3)} ${target.padEnd(3)} ${DEEDS[action.kind]!.about}  (${rate})${end}`,
      );
    },
  });
  await journal.close();
  print(tableOf(result));
  const repetition = before && compareDeeds(before.done, (await readDeeds(journalPath!)).done);
  for (const line of repetition ? linesOf(repetition) : []) print(line);
  for (const finding of result.findings) print(describeFinding(finding));
  if (options.json !== undefined)
    await writeDocument(options.json, { schema: CHAOS_REPORT_SCHEMA, plan, left, ...result, repetition });
  process.exitCode = exitCodeOf(result.findings);
}

function planOf(options: Options, able: readonly string[]): ChaosPlan {
  const wanted = options.only?.split(',') ?? able;
  const unknown = wanted.find((kind) => !able.includes(kind));
  if (unknown !== undefined)
    throw new UsageError(`--only: ${unknown} is none of ${able.join(', ')}, which this machine allows`);
  const { nodes, seed, seconds: durationMs } = options;
  return planChaos({ seed, nodes, durationMs, kinds: wanted });
}

function tableOf(result: ChaosResult): string {
  const table = new Table({ style: { head: [], border: [] } });
  const total = Object.values(result.actions).reduce((sum, count) => sum + count, 0);
  table.push(
    ['seconds', result.seconds.toFixed(0)],
    [
      'faults and orders',
      `${total} of ${Object.keys(result.actions).length} kinds, ${result.refused} refused`,
    ],
    [
      'by kind',
      Object.entries(result.actions)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', '),
    ],
    ['operations checked', `${result.operations}, ${result.unknown} of them of unknown outcome`],
    ['transactions over two lists', String(result.transactions)],
    ['bytes searched for values', String(result.bytesSearched)],
    ['rules broken', String(result.findings.length)],
  );
  return table.toString();
}
