/** One of several things to do, and how to give it up. */
export interface GateOptions<R> {
  readonly names: readonly string[];
  /** So many at once. */
  readonly jobs: number;
  readonly run: (name: string, signal: AbortSignal) => Promise<R>;
  readonly onDone: (result: R) => void;
  /** Nothing more is begun once it is aborted, and what is under way is given up. */
  readonly signal: AbortSignal;
}

/** Runs what is named, some at once; answers in the order of the names, with what came to its end. */
export async function passGate<R>({
  jobs,
  names,
  onDone,
  run,
  signal,
}: GateOptions<R>): Promise<readonly R[]> {
  const left = [...names.entries()];
  const results: (readonly [at: number, result: R])[] = [];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined && !signal.aborted; next = left.shift()) {
      const [at, name] = next;
      const result = await run(name, signal).catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      if (result === undefined) return;
      results.push([at, result]);
      onDone(result);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results.sort(([a], [b]) => a - b).map(([, result]) => result);
}

/** The value below which `share` of them lie; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
