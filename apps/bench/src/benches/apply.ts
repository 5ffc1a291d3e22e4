import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ApplyNode } from '../apply/apply-node.js';
import { interleave, type Bench, type BenchOptions, type Comparison, type Limits } from '../measure.js';
import { Closing, inWorkspace } from '../processes/workspace.js';

const VALUE_BYTES = 256;
const PUTS_PER_RUN = 20_000;
const STANDARD_BATCH = 64;

/** How puts reach the store: entries in a batch, and commands in an entry. */
interface Shape {
  readonly entries: number;
  readonly commands: number;
}

interface Case {
  readonly name: string;
  readonly against: string;
  readonly budget?: Limits;
  run(puts: number): readonly [() => Promise<number>, () => Promise<number>];
}

/** How fast committed, sealed entries become state, by how they share a store batch. */
export const apply: Bench = {
  id: 'apply',
  compares: 'puts applied per second: batches of 1 to 512 entries against 64; with one more applier',
  run: (options) =>
    inWorkspace(options.folder, (folder) =>
      Closing.during(async (closing) => {
        const node = await ApplyNode.start(join(folder, 'one'));
        closing.add(() => node.stop());
        const twin = await ApplyNode.start(join(folder, 'more'), 1);
        closing.add(() => twin.stop());
        const comparisons: Comparison[] = [];
        for (const each of casesOf(node, twin)) comparisons.push(await compare(each, options));
        return comparisons;
      }),
    ),
};

function casesOf(node: ApplyNode, twin: ApplyNode): readonly Case[] {
  const standard = { entries: STANDARD_BATCH, commands: 1 };
  const batches = [
    { entries: 1 },
    { entries: 8 },
    { entries: 256, budget: { atLeast: 0.95 } },
    { entries: 512, budget: { atLeast: 0.95 } },
  ];
  return [
    ...batches.map(
      ({ entries, budget }): Case => ({
        name: `batches of ${entries}`,
        against: `of ${STANDARD_BATCH}`,
        ...(budget && { budget }),
        run: (puts) => [
          () => applyPuts(node, { entries, commands: 1 }, puts),
          () => applyPuts(node, standard, puts),
        ],
      }),
    ),
    {
      name: `${STANDARD_BATCH} puts in one entry`,
      against: `in ${STANDARD_BATCH}`,
      run: (puts) => [
        () => applyPuts(node, { entries: 1, commands: STANDARD_BATCH }, puts),
        () => applyPuts(node, standard, puts),
      ],
    },
    {
      name: 'one more applier',
      against: 'none',
      budget: { atLeast: 0.95 },
      run: (puts) => [() => applyPuts(twin, standard, puts), () => applyPuts(node, standard, puts)],
    },
  ];
}

async function compare(
  { name, against, budget, run }: Case,
  { scale, pairs, tell }: BenchOptions,
): Promise<Comparison> {
  tell(name);
  const [ours, theirs] = run(Math.max(512, Math.floor(PUTS_PER_RUN * scale)));
  const samples = await interleave(pairs, ours, theirs);
  return { name, unit: 'puts/s', against, samples, ...(budget && { budget }) };
}

async function applyPuts(node: ApplyNode, { entries, commands }: Shape, puts: number): Promise<number> {
  node.engine.batchEntries = entries;
  const value = new Uint8Array(randomBytes(VALUE_BYTES));
  const count = Math.ceil(puts / commands);
  const { ms } = await node.engine.apply(node.payloads(count, commands, value));
  return (count * commands * 1000) / ms;
}
