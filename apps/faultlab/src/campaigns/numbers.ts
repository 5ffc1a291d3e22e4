import { emptyCells } from '../faults/cells.js';
import type { Looks } from '../oracles/findings.js';
import { type Finding, gravest } from '../oracles/rules.js';
import { type Counts, type EffectiveFaults, faultCount } from '../storm/verdict.js';

/** What a run took: real time, and the processor's, which does not depend on what else the machine does. */
export interface Taken {
  readonly wallMs: number;
  readonly cpuMs?: number | undefined;
}

/** What is added up of a run. */
export interface Counted extends Taken {
  readonly counts: Counts;
  readonly effective: EffectiveFaults;
  readonly effectiveById: EffectiveFaults;
  readonly cells?: EffectiveFaults | undefined;
  readonly looks: Readonly<Record<string, Looks>>;
  readonly findings: readonly Finding[];
}

/** What a campaign did, added up. */
export interface Numbers {
  readonly schedules: number;
  readonly failed: number;
  readonly total: Counts;
  readonly effective: EffectiveFaults;
  readonly effectiveById: EffectiveFaults;
  /** How often which faults met whom, amid what; and those meetings that did not come about. */
  readonly cells: EffectiveFaults;
  readonly emptyCells: readonly string[];
  /** How often each rule was looked at, and how often it could have been seen broken. */
  readonly looks: Readonly<Record<string, Looks>>;
  /** Effective faults per schedule. */
  readonly medianFaults: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Simulated time per time of one processor. */
  readonly speed: number;
}

const NEVER: Looks = { evaluated: 0, couldFail: 0 };

const NOTHING: Counts = {
  simulatedMs: 0,
  events: 0,
  acknowledged: 0,
  checked: 0,
  entries: 0,
  terms: 0,
  installs: 0,
  seals: 0,
  bytesScanned: 0,
  nodes: 0,
  beyond: 0,
};

export function numbersOf(runs: readonly Counted[]): Numbers {
  const total = runs.reduce((sum, { counts }) => added(sum, counts), NOTHING);
  const cells = runs.reduce((sum: EffectiveFaults, run) => added(sum, run.cells ?? {}), {});
  const wallMs = runs.reduce((sum, run) => sum + run.wallMs, 0);
  const cpuMs = runs.reduce((sum, run) => sum + spentOn(run), 0);
  return {
    schedules: runs.length,
    failed: runs.filter(({ findings }) => gravest(findings) !== undefined).length,
    total,
    effective: runs.reduce((sum: EffectiveFaults, { effective }) => added(sum, effective), {}),
    effectiveById: runs.reduce((sum: EffectiveFaults, run) => added(sum, run.effectiveById), {}),
    cells,
    emptyCells: emptyCells(cells),
    looks: runs.reduce((sum: Numbers['looks'], { looks }) => lookedAt(sum, looks), {}),
    medianFaults: median(runs.map(({ effective }) => faultCount(effective))),
    wallMs,
    cpuMs,
    speed: cpuMs === 0 ? 0 : total.simulatedMs / cpuMs,
  };
}

/** The processor's time; real time of whom nothing else is known. */
export function spentOn({ cpuMs, wallMs }: Taken): number {
  return cpuMs ?? wallMs;
}

function lookedAt(sum: Numbers['looks'], more: Numbers['looks']): Numbers['looks'] {
  const all = Object.entries(more).map(([rule, looks]) => [rule, added(sum[rule] ?? NEVER, looks)] as const);
  return { ...sum, ...Object.fromEntries(all) };
}

export function findingsOf(runs: readonly Counted[]): readonly Finding[] {
  return runs.flatMap(({ findings }) => findings);
}

function added<T extends object>(sum: T, more: T): T {
  const values: Record<string, number> = { ...(sum as Record<string, number>) };
  for (const [name, value] of Object.entries(more)) values[name] = (values[name] ?? 0) + (value as number);
  return values as T;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
