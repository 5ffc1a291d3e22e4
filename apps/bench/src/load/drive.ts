import { percentile } from '../measure.js';

export interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Repeats an operation, always so many at once, and says how fast it went. */
export async function drive(
  { operations, atOnce }: { readonly operations: number; readonly atOnce: number },
  one: (at: number) => Promise<unknown>,
): Promise<Run> {
  const latencies: number[] = [];
  let next = 0;
  const lane = async () => {
    while (next < operations) {
      const at = next++;
      const sentAt = performance.now();
      await one(at);
      latencies.push(performance.now() - sentAt);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: Math.min(atOnce, operations) }, lane));
  const perSecond = (operations * 1000) / (performance.now() - start);
  return { perSecond, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}

/** Key number `at`, always of the same length. */
export function keyAt(at: number): Uint8Array {
  return Buffer.from(`bench/${String(at).padStart(10, '0')}`);
}

/** Numbers below `count`, all of them, in an order without locality. */
export function scattered(at: number, count: number): number {
  return (at * 7_368_787) % count;
}
