/** One pair of runs: the same work through ours and through what it is measured against. */
export interface Sample {
  readonly ours: number;
  readonly theirs: number;
}

export interface Comparison {
  readonly name: string;
  /** What the numbers are, such as µs per value. */
  readonly unit: string;
  /** Of the pairs, in the order they were run. */
  readonly samples: readonly Sample[];
  /** What the ratio ours / theirs should be. */
  readonly budget?: { readonly atMost?: number; readonly atLeast?: number };
}

export interface Bench {
  readonly id: string;
  readonly compares: string;
  run(options: BenchOptions): Promise<readonly Comparison[]>;
}

export interface BenchOptions {
  /** 1 for a real run; far below for a smoke test. */
  readonly scale: number;
  readonly pairs: number;
  readonly tell: (line: string) => void;
}

export interface Summary {
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly ours: number;
  readonly theirs: number;
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

/** Medians, and the spread of the pairs' ratios. */
export function summarise({ samples, budget }: Comparison): Summary {
  const ratios = samples.map(({ ours, theirs }) => ours / theirs);
  const ratio = median(ratios);
  const { atMost = Infinity, atLeast = -Infinity } = budget ?? {};
  return {
    ratio,
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    ours: median(samples.map((sample) => sample.ours)),
    theirs: median(samples.map((sample) => sample.theirs)),
    withinBudget: budget && ratio <= atMost && ratio >= atLeast,
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
