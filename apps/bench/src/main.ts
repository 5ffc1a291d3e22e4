import { Command } from 'commander';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { findEtcd } from './etcd/etcd-server.js';
import { BENCHES } from './index.js';
import type { Bench, BenchOptions } from './measure.js';
import { machine, toReport, toTable, versions, type Measured } from './report.js';

interface Options {
  readonly list?: boolean;
  readonly pairs: number;
  readonly scale: number;
  readonly etcd?: string;
  readonly folder: string;
  readonly full?: boolean;
  readonly out: string;
}

const program = new Command('bench')
  .description('Ratios of things run side by side: medians of interleaved pairs, in one run.')
  .argument('[bench...]', 'only these')
  .option('--list', 'name the benches')
  .option('--pairs <n>', 'counted pairs', Number, 5)
  .option('--scale <x>', 'amount of work; 1 for figures to quote', Number, 1)
  .option('--etcd <path>', 'the etcd server to compare with; else the first on the PATH')
  .option('--folder <path>', 'where the disks of all sides are', tmpdir())
  .option('--full', 'also the sizes that last for hours')
  .option('--out <file>', 'where the JSON goes', 'bench-results.json')
  .addHelpText(
    'after',
    '\nExamples:\n  $ npm run bench -- seal --pairs 9\n  $ npm run bench -- kv-one-node --etcd ./etcd',
  )
  .action(async (names: readonly string[], options: Options) => {
    if (options.list) return list();
    await runAll(chosen(names), options);
  });

await program.parseAsync();

function list(): void {
  for (const { id, compares } of BENCHES) process.stdout.write(`${id.padEnd(15)} ${compares}\n`);
}

function chosen(names: readonly string[]): readonly Bench[] {
  const unknown = names.find((name) => !BENCHES.some(({ id }) => id === name));
  if (unknown !== undefined) program.error(`there is no bench ${unknown}; --list names them`);
  return names.length === 0 ? BENCHES : BENCHES.filter(({ id }) => names.includes(id));
}

async function runAll(benches: readonly Bench[], given: Options): Promise<void> {
  const { pairs, scale, out } = given;
  const folder = resolve(given.folder);
  await mkdir(folder, { recursive: true });
  const etcd = await findEtcd(given.etcd);
  const tell = (line: string) => void process.stderr.write(`  ${line}\n`);
  const options: BenchOptions = {
    pairs,
    scale,
    tell,
    folder,
    ...(etcd !== undefined && { etcd }),
    ...(given.full && { full: true }),
  };
  process.stdout.write(`${JSON.stringify({ ...machine(folder), ...versions(options) })}\n`);
  const measured: Measured[] = [];
  for (const bench of benches) {
    process.stderr.write(`${bench.id}: ${bench.compares} …\n`);
    measured.push({ bench, results: await bench.run(options) });
    await writeFile(out, `${JSON.stringify(toReport(measured, options), null, 2)}\n`);
  }
  process.stdout.write(`${toTable(measured)}\n`);
  process.stdout.write(`Ratios are ours / against, medians of ${pairs} interleaved pairs. JSON: ${out}\n`);
}
