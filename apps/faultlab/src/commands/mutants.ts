import { Argument, Command, Option } from 'commander';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { passGate } from '../campaigns/gate.js';
import { hunt, type HuntOptions } from '../campaigns/mutants.js';
import { type Minimised, minimised } from '../campaigns/minimised.js';
import { EXIT_CODES } from '../oracles/rules.js';
import { PLANTS } from '../plants/plants.js';
import { type KeptMutant, MUTANTS_SCHEMA, StoredMutants } from '../reports/mutants.js';
import { mutantsTable, progressOfMutants, sumOfMutants } from '../reports/mutants-table.js';
import { INTERRUPTED, untilInterrupted } from './interruption.js';
import { plantName, positive, seconds, whole } from './numbers.js';
import { say, tell, writeDocument } from './output.js';
import { readDocument, UsageError } from './plan-file.js';

interface Options {
  readonly seedsMax: number;
  readonly from: number;
  readonly seconds: number;
  readonly jobs: number;
  readonly shrink?: boolean;
  readonly plant?: string;
  readonly resume?: string;
  readonly json?: string;
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export function mutantsCommand(): Command {
  const names = new Argument('[plant...]', 'only these');
  names.argParser((text: string, before: string[] | undefined) => [...(before ?? []), plantName(text)]);
  return new Command('mutants')
    .description('Plants each known bug and counts the storms until one finds it; a survivor ends with 7')
    .addArgument(names)
    .option('--seeds-max <n>', 'storms to try for each', positive, 200)
    .option('--from <seed>', 'the first', whole, 1)
    .option('--seconds <s>', 'how long things go wrong, in virtual time', seconds, 8000)
    .option('--jobs <n>', 'so many bugs at once, each in a process of its own', positive, 2)
    .option('--shrink', 'minimise what brought each of them out, in a minute of processor time at most')
    .option('--resume <file>', 'leave out the bugs that this file holds, and take them into the new one')
    .addOption(new Option('--plant <name>', 'the one that this process was started with').hideHelp())
    .option('--json <file>', 'write the results; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- mutants reads-the-past --seeds-max 50')
    .action(mutants);
}

async function mutants(given: readonly string[], options: Options): Promise<void> {
  if (options.plant !== undefined) return huntHere(options.plant, options);
  const { json } = options;
  const names = given.length === 0 ? Object.keys(PLANTS) : given;
  const before = options.resume === undefined ? [] : await heldBy(options.resume, names);
  const left = names.filter((name) => before.every(({ plant }) => plant !== name));
  const begunAt = performance.now();
  let done = 0;
  const onDone = (result: KeptMutant): void =>
    tell(progressOfMutants(result, { done: ++done, total: left.length, ms: performance.now() - begunAt }));
  const run = (name: string, signal: AbortSignal) => inAnotherProcess(name, options, signal);
  const found = await untilInterrupted('it goes on with --resume', (signal) =>
    passGate({ names: left, jobs: options.jobs, run, onDone, signal }),
  );
  const results = [...before, ...found];
  (json === '-' ? tell : say)(`${mutantsTable(results)}\n${sumOfMutants(results)}`);
  if (json !== undefined) await writeDocument(json, { schema: MUTANTS_SCHEMA, results });
  const isWhole = found.length === left.length;
  const hasSurvivor = results.some(({ caught }) => caught === undefined);
  process.exitCode = hasSurvivor ? EXIT_CODES.harness : isWhole ? EXIT_CODES.ok : INTERRUPTED;
}

/** One bug, in a process that was started with it; says what it came to on standard output. */
async function huntHere(name: string, options: Options): Promise<void> {
  // A terminal interrupts all processes of a hunt; the first of them decides what that means.
  process.on('SIGINT', () => undefined);
  const { result, verdict } = await hunt(name, huntOptions(options));
  let shrunk: Minimised | undefined;
  if (options.shrink === true && verdict !== undefined && result.caught !== undefined) {
    shrunk = await minimised(verdict, { rule: result.caught.rule, processorMs });
  }
  const kept: KeptMutant = { ...result, ...(shrunk !== undefined && { shrunk }) };
  await writeDocument('-', { schema: MUTANTS_SCHEMA, results: [kept] });
  process.exitCode = result.caught === undefined ? EXIT_CODES.harness : EXIT_CODES.ok;
}

const processorMs = (): number => process.cpuUsage().user / 1000;

function huntOptions({ from, seconds: stormMs, seedsMax }: Options): HuntOptions {
  return { from, stormMs, seedsMax };
}

/** Sources are changed before they are loaded, and what one bug does is nothing to the next. */
async function inAnotherProcess(name: string, options: Options, signal: AbortSignal): Promise<KeptMutant> {
  const { from, seconds: ms, seedsMax, shrink } = options;
  const numbers = ['--from', `${from}`, '--seeds-max', `${seedsMax}`, '--seconds', `${ms / 1000}`];
  const args = [MAIN, 'mutants', '--plant', name, ...numbers, ...(shrink === true ? ['--shrink'] : [])];
  const how = { maxBuffer: 2 ** 26, signal, killSignal: 'SIGKILL' } as const;
  const ended = await promisify(execFile)(process.execPath, args, how).catch(
    (error: { code?: unknown; stdout: string; stderr: string }) => {
      if (error.code === EXIT_CODES.harness) return error;
      throw new UsageError(`${name} cannot be planted: ${error.stderr?.slice(0, 400)}`);
    },
  );
  return StoredMutants.parse(JSON.parse(ended.stdout)).results[0]!;
}

async function heldBy(path: string, names: readonly string[]): Promise<readonly KeptMutant[]> {
  const parsed = StoredMutants.safeParse(await readDocument(path));
  if (!parsed.success) throw new UsageError(`${path} is not what mutants writes`);
  return parsed.data.results.filter(({ plant }) => names.includes(plant));
}
