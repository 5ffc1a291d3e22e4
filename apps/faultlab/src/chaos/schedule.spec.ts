import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, readPlan } from './journal.js';
import { planChaos } from './schedule.js';

const KINDS = ['P1', 'P2', 'N1', 'N8', 'O2'];
const options = { seed: 7, nodes: 3, durationMs: 120_000, kinds: KINDS };

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'faultlab-journal-'))));
afterEach(() => rm(folder, { recursive: true }));

test('one seed is one plan, and every kind comes before any comes again', () => {
  const plan = planChaos(options);
  expect(planChaos(options)).toEqual(plan);
  expect(planChaos({ ...options, seed: 8 })).not.toEqual(plan);
  for (let first = 0; first < plan.actions.length; first += KINDS.length) {
    const round = plan.actions.slice(first, first + KINDS.length).map(({ kind }) => kind);
    expect(round.toSorted()).toEqual(KINDS.toSorted());
  }
});

test('a plan lasts at least as long as it is asked to', () => {
  const lasts = planChaos(options).actions.reduce((sum, { forMs, restMs }) => sum + forMs + restMs, 0);
  expect(lasts).toBeGreaterThanOrEqual(options.durationMs);
});

test('a journal holds the plan that it repeats, then what was done', async () => {
  const plan = planChaos(options);
  const path = join(folder, 'journal.ndjson');
  const journal = new Journal(path, plan);
  journal.note('begins', 'a node is killed: n1', plan.actions[0]);
  await journal.close();
  expect(await readPlan(path)).toEqual(plan);
});

test('a file that is no journal is refused as such', async () => {
  const path = join(folder, 'other.ndjson');
  await writeFile(path, '{"schema":"something else"}\n');
  await expect(readPlan(path)).rejects.toThrow('is not a journal of a chaos run');
  await expect(readPlan(join(folder, 'none'))).rejects.toThrow('cannot be read');
});
