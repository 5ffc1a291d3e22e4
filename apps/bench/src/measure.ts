/** One pair of runs: the same work through ours and through what it is measured against. */
export interface Sample {
  readonly ours: number;
  readonly theirs: number;
}

interface Named {
  readonly name: string;
  /** What the numbers are, such as µs per value. */
  readonly unit: string;
}

export interface Limits {
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Comparison extends Named {
  /** Of the pairs, in the order they were run. */
  readonly samples: readonly Sample[];
  /** What the other side of the ratio is, where the bench itself does not say. */
  readonly against?: string;
  /** What the ratio ours / theirs should be. */
  readonly budget?: Limits;
}

/** Numbers that nothing stands beside: context, which another machine need not show. */
export interface Figure extends Named {
  readonly values: readonly number[];
  /** What the median should be. */
  readonly budget?: Limits;
}

export type Result = Comparison | Figure;

export interface Bench {
  readonly id: string;
  readonly compares: string;
  run(options: BenchOptions): Promise<readonly Result[]>;
}

export interface BenchOptions {
  /** 1 for a real run; far below for a smoke test. */
  readonly scale: number;
  readonly pairs: number;
  readonly tell: (line: string) => void;
  /** Where the disks of all sides are; a folder of its own for each run is made in it. */
  readonly folder: string;
  /** The etcd server to compare with; without it figures stand alone. */
  readonly etcd?: string;
  /** Whether to take the sizes that last for hours, too. */
  readonly full?: boolean;
}

export interface Summary {
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly ours: number;
  readonly theirs: number;
  readonly withinBudget: boolean | undefined;
}

export interface FigureSummary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly withinBudget: boolean | undefined;
}

/**
 * Runs the two in turn, A B A B …, after one pair that does not count: a machine that changes its speed
 * changes it for both.
 */
export async function interleave(
  pairs: number,
  ours: () => Promise<number> | number,
  theirs: () => Promise<number> | number,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let pair = -1; pair < pairs; pair++) {
    const sample = { ours: await ours(), theirs: await theirs() };
    if (pair >= 0) samples.push(sample);
  }
  return samples;
}

export function isComparison(result: Result): result is Comparison {
  return 'samples' in result;
}

/** Medians, and the spread of the pairs' ratios. */
export function summarise({ samples, budget }: Comparison): Summary {
  const ratios = samples.map(({ ours, theirs }) => ours / theirs);
  const ratio = median(ratios);
  return {
    ratio,
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    ours: median(samples.map((sample) => sample.ours)),
    theirs: median(samples.map((sample) => sample.theirs)),
    withinBudget: isWithin(ratio, budget),
  };
}

export function summariseFigure({ values, budget }: Figure): FigureSummary {
  const middle = median(values);
  return {
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    withinBudget: isWithin(middle, budget),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function isWithin(value: number, limits: Limits | undefined): boolean | undefined {
  const { atMost = Infinity, atLeast = -Infinity } = limits ?? {};
  return limits && value <= atMost && value >= atLeast;
}
