import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from './journal.js';
import { compareDeeds, linesOf, readDeeds, toRepeat } from './repetition.js';
import { planChaos } from './schedule.js';

const plan = planChaos({ seed: 7, nodes: 3, durationMs: 20_000, kinds: ['P1', 'P2', 'O2'] });

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'faultlab-repetition-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A run that comes as far as `count` actions, each of them of one node. */
async function run(name: string, count: number, refused: readonly number[] = [], target = 'n1') {
  const path = join(folder, name);
  const journal = new Journal(path, plan);
  for (const action of plan.actions.slice(0, count)) {
    journal.note('begins', `something: ${target}`, action);
    if (refused.includes(action.number)) journal.note('fails', 'nobody leads', action);
    else journal.note('ends', target, action);
  }
  await journal.close();
  return readDeeds(path);
}

test('what is repeated is what began, and no more', async () => {
  const before = await run('before', 4);
  expect(toRepeat(before).actions).toEqual(plan.actions.slice(0, 4));
  expect(toRepeat(before).seed).toBe(7);
});

test('a repetition that does the same is said to', async () => {
  const [before, now] = [await run('before', 5), await run('now', 5)];
  const repetition = compareDeeds(before.done, now.done);
  expect(repetition).toEqual({ same: 5, otherwise: [], missing: [], added: [] });
  expect(linesOf(repetition)).toEqual(['5 of 5 actions were repeated as they were']);
});

test('what came out otherwise, was left out or was added is said action by action', async () => {
  const before = await run('before', 4, [2]);
  const otherwise = compareDeeds(before.done, (await run('refused', 4, [3])).done);
  expect(otherwise.same).toBe(2);
  expect(otherwise.otherwise).toEqual([
    expect.stringMatching(/^2 .*; refused \(nobody leads\), now done$/),
    expect.stringMatching(/^3 .*; done, now refused \(nobody leads\)$/),
  ]);
  expect(compareDeeds(before.done, (await run('elsewhere', 4, [2], 'n2')).done).otherwise).toHaveLength(4);
  const short = compareDeeds(before.done, (await run('short', 3, [2])).done);
  expect([short.same, short.missing.length, short.added.length]).toEqual([3, 1, 0]);
  const long = compareDeeds(before.done, (await run('long', 6, [2])).done);
  expect([long.same, long.missing.length, long.added.length]).toEqual([4, 0, 2]);
});
