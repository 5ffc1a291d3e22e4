import { randomBytes } from 'node:crypto';
import type { BenchOptions } from '../measure.js';
import type { Results, Row } from '../results.js';
import { keyAt } from './drive.js';
import { nameOf, runWork, type MeasuredRun, type Side, type Way, type Work } from './side.js';

const VALUE_BYTES = 1024;
const KEYS = 10_000;
const AGAINST = 'etcd';

export interface Sides {
  readonly ours: Side;
  readonly theirs?: Side;
}

export interface Plan {
  readonly operation: 'put' | 'get';
  readonly way: Way;
  readonly atOnce: number;
  /** Of a full run; what takes about two seconds on the machine of reference. */
  readonly operations: number;
}

/** Unary and pipelined, alone and in company. */
export const PLANS: readonly Plan[] = (['put', 'get'] as const).flatMap((operation) => [
  { operation, way: 'unary', atOnce: 1, operations: 500 },
  { operation, way: 'unary', atOnce: 64, operations: 5_000 },
  { operation, way: 'pipelined', atOnce: 256, operations: 10_000 },
]);

const GOALS: ReadonlyMap<Way, Row['budget']> = new Map([['pipelined', { atLeast: 1 }]]);

/** Runs each plan on both sides in turn: throughput, p99 latency, and what the server's processes worked. */
export async function compareSides(
  sides: Sides,
  plans: readonly Plan[],
  { scale, pairs, tell }: BenchOptions,
  { results, prefix = '' }: { readonly results: Results; readonly prefix?: string },
): Promise<void> {
  const keys = Math.max(64, Math.floor(KEYS * scale));
  const value = new Uint8Array(randomBytes(VALUE_BYTES));
  await fill(sides, keys, value);
  for (const plan of plans) {
    const operations = Math.max(plan.atOnce, Math.floor(plan.operations * scale));
    const work: Work = { ...plan, operations };
    const name = prefix + nameOf(work);
    tell(name);
    for (let pair = -1; pair < pairs; pair++) {
      const ours = await runWork(sides.ours, work, { keys, value });
      const theirs = sides.theirs && (await runWork(sides.theirs, work, { keys, value }));
      if (pair >= 0) addRows({ results, name, way: work.way }, ours, theirs);
    }
  }
}

function addRows(
  { results, name, way }: { results: Results; name: string; way: Way },
  ours: MeasuredRun,
  theirs: MeasuredRun | undefined,
): void {
  const budget = GOALS.get(way);
  const row = (what: string, unit: string) => ({ name: `${name}${what}`, unit, against: AGAINST });
  results.add({ ...row('', 'ops/s'), ...(budget && { budget }) }, ours.perSecond, theirs?.perSecond);
  results.add(row(': p99', 'ms'), ours.p99Ms, theirs?.p99Ms);
  results.add(row(': server CPU', 'µs/op'), ours.serverCpuMicros, theirs?.serverCpuMicros);
}

/** Every key has a value before the first get asks for one. */
async function fill({ ours, theirs }: Sides, keys: number, value: Uint8Array): Promise<void> {
  for (const side of theirs ? [ours, theirs] : [ours]) {
    for (let from = 0; from < keys; from += 256) {
      const some = Array.from({ length: Math.min(256, keys - from) }, (_, at) => keyAt(from + at));
      await Promise.all(some.map((key) => side.pipelined.put(key, value)));
    }
  }
}
