import Table from 'cli-table3';
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';
import {
  isComparison,
  summarise,
  summariseFigure,
  type Bench,
  type BenchOptions,
  type Comparison,
  type Figure,
  type Limits,
  type Result,
} from './measure.js';

export interface Measured {
  readonly bench: Bench;
  readonly results: readonly Result[];
}

export interface BenchReport {
  readonly schema: 'caisson.bench/v2';
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly pairs: number;
  readonly scale: number;
  readonly results: readonly { readonly bench: string; readonly results: readonly object[] }[];
}

const FILESYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x5846_5342, 'xfs'],
  [0x9123_683e, 'btrfs'],
  [0x0102_1994, 'tmpfs'],
  [0x794c_7630, 'overlayfs'],
]);

export function machine(folder: string): BenchReport['machine'] {
  const [cpu] = cpus();
  const { type } = statfsSync(folder);
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: release(),
    filesystem: FILESYSTEMS.get(type) ?? `0x${type.toString(16)}`,
  };
}

export function versions({ etcd }: Pick<BenchOptions, 'etcd'>): BenchReport['versions'] {
  return {
    caisson: versionOf('@caisson/server'),
    node: process.version,
    openssl: process.versions.openssl,
    'rocksdb binding': versionOf('rocksdb'),
    ...(etcd !== undefined && { etcd: etcdVersion(etcd) }),
  };
}

export function toReport(
  measured: readonly Measured[],
  run: Pick<BenchOptions, 'pairs' | 'scale' | 'folder' | 'etcd'>,
): BenchReport {
  return {
    schema: 'caisson.bench/v2',
    machine: machine(run.folder),
    versions: versions(run),
    pairs: run.pairs,
    scale: run.scale,
    results: measured.map(({ bench, results }) => ({
      bench: bench.id,
      results: results.map((result) => ({
        ...result,
        ...(isComparison(result) ? summarise(result) : summariseFigure(result)),
      })),
    })),
  };
}

export function toTable(measured: readonly Measured[]): string {
  const head = ['bench', 'case', 'ratio', 'spread', 'ours', 'against', 'unit', 'budget', ''];
  const rules = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ head, chars: rules, style: { head: [], border: [] } });
  for (const { bench, results } of measured) {
    const rows = results.map((each) => (isComparison(each) ? comparisonRow(each) : figureRow(each)));
    for (const [at, row] of rows.entries()) table.push([at === 0 ? bench.id : '', ...row]);
  }
  return table.toString();
}

function comparisonRow(comparison: Comparison): string[] {
  const { name, unit, against, budget } = comparison;
  const { ratio, ratioMin, ratioMax, ours, theirs, withinBudget } = summarise(comparison);
  const spread = `${ratioMin.toFixed(2)}–${ratioMax.toFixed(2)}`;
  const other = against === undefined ? round(theirs) : `${round(theirs)} (${against})`;
  return [
    name,
    ratio.toFixed(2),
    spread,
    round(ours),
    other,
    unit,
    budgetText(budget),
    verdict(withinBudget),
  ];
}

function figureRow(figure: Figure): string[] {
  const { name, unit, budget } = figure;
  const { median, min, max, withinBudget } = summariseFigure(figure);
  const spread = figure.values.length > 1 ? `${round(min)}–${round(max)}` : '';
  return [name, '', spread, round(median), '', unit, budgetText(budget), verdict(withinBudget)];
}

function budgetText({ atMost, atLeast }: Limits = {}): string {
  return [atMost && `≤ ${atMost}`, atLeast && `≥ ${atLeast}`].filter(Boolean).join(' ');
}

function verdict(withinBudget: boolean | undefined): string {
  return withinBudget === undefined ? '' : withinBudget ? 'ok' : 'MISSED';
}

function round(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  return version;
}

function etcdVersion(path: string): string {
  const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
  return /etcd Version: (\S+)/.exec(said)?.[1] ?? 'unknown';
}
