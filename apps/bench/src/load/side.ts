import { processUse } from '../processes/metrics.js';
import { drive, keyAt, scattered, type Run } from './drive.js';
import type { KvTarget } from './kv-target.js';

/** How calls travel: each on its own, or many over whatever the side has to share between them. */
export type Way = 'unary' | 'pipelined';

/** One of the two servers, or clusters, that are compared. */
export interface Side {
  readonly unary: KvTarget;
  readonly pipelined: KvTarget;
  /** Where the metrics of all its processes are. */
  readonly adminAddresses: readonly string[];
}

export interface Work {
  readonly operation: 'put' | 'get';
  readonly way: Way;
  readonly atOnce: number;
  readonly operations: number;
}

export interface MeasuredRun extends Run {
  /** Of all processes of the server side together. */
  readonly serverCpuMicros: number;
}

export function nameOf({ operation, way, atOnce }: Work): string {
  return `${operation}, ${way}, ${atOnce} at ${atOnce === 1 ? 'a time' : 'once'}`;
}

/** Puts fill the keys below `keys` again and again; gets ask for them out of order. */
export async function runWork(
  side: Side,
  work: Work,
  { keys, value }: { readonly keys: number; readonly value: Uint8Array },
): Promise<MeasuredRun> {
  const target = side[work.way];
  const before = await cpuSeconds(side);
  const run = await drive(work, async (at) => {
    if (work.operation === 'put') return target.put(keyAt(at % keys), value);
    const found = await target.get(keyAt(scattered(at, keys)));
    if (found?.length !== value.length) throw new RangeError('a value that was put is not there');
  });
  const used = (await cpuSeconds(side)) - before;
  return { ...run, serverCpuMicros: (used * 1e6) / work.operations };
}

async function cpuSeconds({ adminAddresses }: Side): Promise<number> {
  const all = await Promise.all(adminAddresses.map((address) => processUse(address)));
  return all.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}
