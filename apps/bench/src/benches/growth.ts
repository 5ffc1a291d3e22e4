import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pipelined } from '../load/caisson-targets.js';
import { drive, keyAt, scattered } from '../load/drive.js';
import { fill } from '../load/fill.js';
import type { KvTarget } from '../load/kv-target.js';
import { interleave, type Bench, type BenchOptions, type Comparison } from '../measure.js';
import { CaissonNode } from '../processes/caisson-node.js';
import { inWorkspace } from '../processes/workspace.js';

const VERSIONS_PER_KEY = 4;
const VALUE_BYTES = 100;
const AT_ONCE = 64;
const OPERATIONS_PER_RUN = 10_000;
const SMALLEST = 10_000;
const SIZES = [100_000, 1_000_000];
const SIZE_FULL = 10_000_000;
const AT_MOST = 1.5;

/** A node that holds so many versions, and has one key in four of them. */
class FilledNode {
  #node: CaissonNode | undefined;
  #target: KvTarget | undefined;
  readonly #value = new Uint8Array(randomBytes(VALUE_BYTES));

  private constructor(
    readonly folder: string,
    readonly keys: number,
  ) {}

  static async create(folder: string, versions: number): Promise<FilledNode> {
    const keys = Math.ceil(versions / VERSIONS_PER_KEY);
    const filled = new FilledNode(folder, keys);
    await filled.start();
    const { address } = filled.#node!;
    await fill(address, { keys, versionsPerKey: VERSIONS_PER_KEY, valueBytes: VALUE_BYTES });
    return filled;
  }

  async start(): Promise<void> {
    this.#node = await CaissonNode.start(this.folder);
    this.#target = pipelined(this.#node.address);
  }

  async end(): Promise<void> {
    this.#target?.close();
    await this.#node?.end();
  }

  /** Until it serves, in milliseconds. */
  async restart(): Promise<number> {
    await this.end();
    const begin = performance.now();
    await this.start();
    return performance.now() - begin;
  }

  async putMicros(operations: number): Promise<number> {
    const one = (at: number) => this.#target!.put(keyAt(scattered(at, this.keys)), this.#value);
    return 1e6 / (await drive({ operations, atOnce: AT_ONCE }, one)).perSecond;
  }

  async getMicros(operations: number): Promise<number> {
    const one = async (at: number) => {
      const found = await this.#target!.get(keyAt(scattered(at, this.keys)));
      if (found === undefined) throw new RangeError('a key that was put is not there');
    };
    return 1e6 / (await drive({ operations, atOnce: AT_ONCE }, one)).perSecond;
  }
}

/** Whether a store that has grown is slower to write, to read and to start than a small one beside it. */
export const growth: Bench = {
  id: 'growth',
  compares: 'time of a put, a get and a start at 100 thousand versions and more, against 10 thousand',
  run: (options) =>
    inWorkspace(options.folder, async (folder) => {
      const { scale, full, tell } = options;
      const versions = (size: number) => Math.max(100, Math.floor(size * scale));
      const small = await FilledNode.create(join(folder, 'small'), versions(SMALLEST));
      try {
        const comparisons: Comparison[] = [];
        for (const size of full ? [...SIZES, SIZE_FULL] : SIZES) {
          tell(`filling ${versions(size)} versions`);
          const large = await FilledNode.create(join(folder, String(size)), versions(size));
          try {
            comparisons.push(...(await compare({ small, large, size }, options)));
          } finally {
            await large.end();
          }
        }
        return comparisons;
      } finally {
        await small.end();
      }
    }),
};

async function compare(
  { small, large, size }: { small: FilledNode; large: FilledNode; size: number },
  { scale, pairs, tell }: BenchOptions,
): Promise<readonly Comparison[]> {
  const operations = Math.max(AT_ONCE, Math.floor(OPERATIONS_PER_RUN * scale));
  const measure = async (name: string, unit: string, run: (node: FilledNode) => Promise<number>) => {
    tell(`${name} at ${power(size)}`);
    const samples = await interleave(
      pairs,
      () => run(large),
      () => run(small),
    );
    const against = `at ${power(SMALLEST)}`;
    return { name: `${name} at ${power(size)}`, unit, against, samples, budget: { atMost: AT_MOST } };
  };
  return [
    await measure('put', 'µs', (node) => node.putMicros(operations)),
    await measure('get', 'µs', (node) => node.getMicros(operations)),
    await measure('start', 'ms', (node) => node.restart()),
  ];
}

function power(size: number): string {
  return `10^${Math.log10(size)}`;
}
