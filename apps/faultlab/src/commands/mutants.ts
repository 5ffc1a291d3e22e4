import Table from 'cli-table3';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Argument, Command, Option } from 'commander';
import { type MutantResult, runMutants } from '../campaigns/mutants.js';
import { EXIT_CODES } from '../oracles/rules.js';
import { loadedPlant } from '../plants/loading.js';
import { PLANTS } from '../plants/plants.js';
import { plantName, positive, seconds, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { UsageError } from './plan-file.js';

interface Options {
  readonly seedsMax: number;
  readonly from: number;
  readonly seconds: number;
  readonly json?: string;
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const MUTANTS_SCHEMA = 'caisson.faultlab.mutants/v1';

export function mutantsCommand(): Command {
  const names = new Argument('[plant...]', 'only these');
  names.argParser((text: string, before: string[] | undefined) => [...(before ?? []), plantName(text)]);
  return new Command('mutants')
    .description('Plants each known bug and counts the seeds until a storm finds it; a survivor ends with 7')
    .addArgument(names)
    .option('--seeds-max <n>', 'seeds to try for each', positive, 20)
    .option('--from <seed>', 'the first', whole, 1)
    .option('--seconds <s>', 'how long things go wrong, in virtual time', seconds, 8000)
    .addOption(new Option('--plant <name>', 'the one that this process was started with').hideHelp())
    .option('--json <file>', 'write the results; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- mutants reads-the-past --seeds-max 50')
    .action(mutants);
}

async function mutants(given: readonly string[], options: Options): Promise<void> {
  const results = await runMutants({
    names: given.length === 0 ? Object.keys(PLANTS) : given,
    from: options.from,
    seedsMax: options.seedsMax,
    stormMs: options.seconds,
    loaded: loadedPlant(),
    elsewhere: (name) => inAnotherProcess(name, options),
    onDone: ({ caught, plant, seeds }) =>
      tell(`${plant}: ${caught?.rule ?? 'SURVIVED'} after ${seeds} seeds`),
  });
  const survivors = results.filter(({ caught }) => caught === undefined);
  const { json } = options;
  (json === '-' ? tell : say)(tableOf(results));
  if (json !== undefined) await writeDocument(json, { schema: MUTANTS_SCHEMA, results });
  process.exitCode = survivors.length === 0 ? EXIT_CODES.ok : EXIT_CODES.harness;
}

/** Sources are changed before they are loaded, so each such bug has a process of its own. */
async function inAnotherProcess(name: string, options: Options): Promise<MutantResult> {
  const { from, seconds: ms, seedsMax } = options;
  const numbers = ['--from', `${from}`, '--seeds-max', `${seedsMax}`, '--seconds', `${ms / 1000}`];
  const args = [MAIN, 'mutants', name, '--plant', name, ...numbers, '--json', '-'];
  const ended = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 }).catch(
    (error: { code?: unknown; stdout: string; stderr: string }) => {
      if (error.code === EXIT_CODES.harness) return error;
      throw new UsageError(`${name} cannot be planted: ${error.stderr.slice(0, 400)}`);
    },
  );
  const { results } = JSON.parse(ended.stdout) as { results: readonly MutantResult[] };
  return results[0]!;
}

function tableOf(results: readonly MutantResult[]): string {
  const table = new Table({
    head: ['planted bug', 'seeds', 'broke', 'what it does'],
    style: { head: [], border: [] },
  });
  for (const { about, caught, plant, seeds } of results) {
    const rule =
      caught === undefined ? 'SURVIVED' : `${caught.rule}${caught.isExpected ? '' : ' (unexpected)'}`;
    table.push([plant, String(seeds), rule, about]);
  }
  return table.toString();
}
