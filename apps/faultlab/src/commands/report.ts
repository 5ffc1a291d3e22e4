import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import type { ZodError } from 'zod';
import { numbersOf } from '../campaigns/numbers.js';
import { EXIT_CODES, exitCodeOf } from '../oracles/rules.js';
import { toPage } from '../reports/page.js';
import { compareMutants, compareReports, hasLostReach } from '../reports/comparison.js';
import { StoredMutants } from '../reports/mutants.js';
import { StoredReport, StoredShrunk } from '../reports/stored.js';
import { comparisonTable, lineOf, tableOf } from '../reports/terminal.js';
import { say, tell, writeDocument } from './output.js';
import { readDocument, UsageError } from './plan-file.js';

interface Options {
  readonly html?: string;
  readonly json?: string;
  readonly against?: string;
  readonly with?: string;
}

export function reportCommand(): Command {
  return new Command('report')
    .description('Shows a report that sim or replay wrote, and draws it')
    .argument('<file>', 'the report; with --against what mutants wrote, too')
    .option('--html <file>', 'write one page with a timeline for each run that was kept whole')
    .option('--with <file>', 'with --html: what shrink --json left of one of its plans, side by side')
    .option('--json <file>', 'write its numbers; - for standard output')
    .option(
      '--against <file>',
      'compare with an earlier one: speed, faults, rules, traces, cost of planted bugs',
    )
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- report report.json --html report.html')
    .action(report);
}

async function report(path: string, options: Options): Promise<void> {
  const document = await readDocument(path);
  const mutants = options.against === undefined ? undefined : StoredMutants.safeParse(document).data;
  if (mutants !== undefined) return againstMutants(mutants, options.against!);
  const stored = reportIn(document, path);
  const { runs } = stored;
  const print = options.json === '-' ? tell : say;
  for (const run of runs) print(lineOf(run));
  print(tableOf(runs));
  if (options.against !== undefined) {
    const before = reportIn(await readDocument(options.against), options.against);
    print(comparisonTable(compareReports(stored, before)));
  }
  if (options.html !== undefined) {
    const shrunk = options.with === undefined ? undefined : await shrunkIn(options.with, stored);
    await writeFile(options.html, toPage(stored, shrunk));
  } else if (options.with !== undefined) throw new UsageError('--with needs --html');
  if (options.json !== undefined) await writeDocument(options.json, numbersOf(runs));
  process.exitCode = exitCodeOf(runs.flatMap(({ findings }) => findings));
}

async function againstMutants(now: StoredMutants, path: string): Promise<void> {
  const before = StoredMutants.safeParse(await readDocument(path));
  if (!before.success) throw new UsageError(`${path} is not what mutants writes`);
  say(comparisonTable(compareMutants(now, before.data)));
  process.exitCode = hasLostReach(now, before.data) ? EXIT_CODES.harness : EXIT_CODES.ok;
}

function reportIn(document: unknown, path: string): StoredReport {
  const parsed = StoredReport.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new UsageError(`${path} is no report: ${whatIsWrong(parsed.error)}`);
}

async function shrunkIn(path: string, { runs }: StoredReport): Promise<StoredShrunk> {
  const parsed = StoredShrunk.safeParse(await readDocument(path));
  if (!parsed.success)
    throw new UsageError(`${path} is not what shrink writes: ${whatIsWrong(parsed.error)}`);
  const { seed } = parsed.data.plan;
  const isOfOne = runs.some((run) => run.seed === seed && run.plan !== undefined);
  if (!isOfOne) throw new UsageError(`${path} is of seed ${seed}, whose plan the report does not hold`);
  return parsed.data;
}

function whatIsWrong({ issues: [issue] }: ZodError): string {
  return `${issue?.path.join('.')}: ${issue?.message}`;
}
