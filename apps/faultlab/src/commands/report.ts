import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { numbersOf } from '../campaigns/numbers.js';
import { exitCodeOf } from '../oracles/rules.js';
import { toPage } from '../reports/page.js';
import { StoredReport } from '../reports/stored.js';
import { lineOf, tableOf } from '../reports/terminal.js';
import { say, tell, writeDocument } from './output.js';
import { readDocument, UsageError } from './plan-file.js';

interface Options {
  readonly html?: string;
  readonly json?: string;
}

export function reportCommand(): Command {
  return new Command('report')
    .description('Shows a report that sim or replay wrote, and draws it')
    .argument('<file>', 'the report')
    .option('--html <file>', 'write one page with a timeline for each run that was kept whole')
    .option('--json <file>', 'write its numbers; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- report report.json --html report.html')
    .action(report);
}

async function report(path: string, options: Options): Promise<void> {
  const parsed = StoredReport.safeParse(await readDocument(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`${path} is no report: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { runs } = parsed.data;
  const print = options.json === '-' ? tell : say;
  for (const run of runs) print(lineOf(run));
  print(tableOf(runs));
  if (options.html !== undefined) await writeFile(options.html, toPage(parsed.data));
  if (options.json !== undefined) await writeDocument(options.json, numbersOf(runs));
  process.exitCode = exitCodeOf(runs.flatMap(({ findings }) => findings));
}
