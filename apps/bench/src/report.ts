import Table from 'cli-table3';
import { cpus, release, totalmem } from 'node:os';
import { summarise, type Bench, type Comparison } from './measure.js';

export interface BenchReport {
  readonly schema: 'caisson.bench/v1';
  readonly machine: Readonly<Record<string, string | number>>;
  readonly pairs: number;
  readonly scale: number;
  readonly results: readonly { readonly bench: string; readonly comparisons: readonly object[] }[];
}

export function machine(): BenchReport['machine'] {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: release(),
    node: process.version,
    openssl: process.versions.openssl,
  };
}

export function toReport(
  results: readonly { bench: Bench; comparisons: readonly Comparison[] }[],
  run: { readonly pairs: number; readonly scale: number },
): BenchReport {
  return {
    schema: 'caisson.bench/v1',
    machine: machine(),
    ...run,
    results: results.map(({ bench, comparisons }) => ({
      bench: bench.id,
      comparisons: comparisons.map((comparison) => ({
        name: comparison.name,
        unit: comparison.unit,
        ...(comparison.budget && { budget: comparison.budget }),
        ...summarise(comparison),
        samples: comparison.samples,
      })),
    })),
  };
}

export function toTable(results: readonly { bench: Bench; comparisons: readonly Comparison[] }[]): string {
  const head = ['bench', 'case', 'ratio', 'spread', 'ours', 'against', 'unit', 'budget', ''];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { bench, comparisons } of results) {
    for (const comparison of comparisons) table.push(rowOf(bench, comparison));
  }
  return table.toString();
}

function rowOf(bench: Bench, comparison: Comparison): string[] {
  const { ratio, ratioMin, ratioMax, ours, theirs, withinBudget } = summarise(comparison);
  const { atMost, atLeast } = comparison.budget ?? {};
  const budget = [atMost && `≤ ${atMost}`, atLeast && `≥ ${atLeast}`].filter(Boolean).join(' ');
  const verdict = withinBudget === undefined ? '' : withinBudget ? 'ok' : 'MISSED';
  const spread = `${ratioMin.toFixed(2)}–${ratioMax.toFixed(2)}`;
  return [
    bench.id,
    comparison.name,
    ratio.toFixed(2),
    spread,
    round(ours),
    round(theirs),
    comparison.unit,
    budget,
    verdict,
  ];
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
