import { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { BENCHES } from './index.js';
import type { Bench, Comparison } from './measure.js';
import { machine, toReport, toTable } from './report.js';

interface Options {
  readonly list?: boolean;
  readonly pairs: number;
  readonly scale: number;
  readonly out: string;
}

const program = new Command('bench')
  .description('Ratios against bare primitives: medians of interleaved pairs, in one run.')
  .argument('[bench...]', 'only these')
  .option('--list', 'name the benches')
  .option('--pairs <n>', 'counted pairs', Number, 5)
  .option('--scale <x>', 'amount of work; 1 for figures to quote', Number, 1)
  .option('--out <file>', 'where the JSON goes', 'bench-results.json')
  .addHelpText('after', '\nExample:\n  $ npm run bench -- seal --pairs 9')
  .action(async (names: readonly string[], options: Options) => {
    if (options.list) return list();
    const chosen = names.length === 0 ? BENCHES : BENCHES.filter((bench) => names.includes(bench.id));
    await runAll(chosen, options);
  });

await program.parseAsync();

function list(): void {
  for (const { id, compares } of BENCHES) process.stdout.write(`${id.padEnd(14)} ${compares}\n`);
}

async function runAll(benches: readonly Bench[], { pairs, scale, out }: Options): Promise<void> {
  const results: { bench: Bench; comparisons: readonly Comparison[] }[] = [];
  process.stdout.write(`${JSON.stringify(machine())}\n`);
  for (const bench of benches) {
    process.stderr.write(`${bench.id}: ${bench.compares} …\n`);
    const tell = (line: string) => void process.stderr.write(`  ${line}\n`);
    results.push({ bench, comparisons: await bench.run({ pairs, scale, tell }) });
  }
  process.stdout.write(`${toTable(results)}\n`);
  await writeFile(out, `${JSON.stringify(toReport(results, { pairs, scale }), null, 2)}\n`);
  process.stdout.write(`Ratios are ours / against, medians of ${pairs} interleaved pairs. JSON: ${out}\n`);
}
