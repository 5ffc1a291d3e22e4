import { interleave, median, percentile, summarise } from './measure.js';

test('medians and percentiles are those of the sorted values', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(percentile([5, 1, 4, 2, 3], 0.99)).toBe(5);
});

test('pairs are run in turn, and the first pair does not count', async () => {
  const order: string[] = [];
  const run = (name: string) => () => (order.push(name), order.length);
  const samples = await interleave(2, run('a'), run('b'));
  expect(order.join('')).toBe('ababab');
  expect(samples).toEqual([
    { ours: 3, theirs: 4 },
    { ours: 5, theirs: 6 },
  ]);
});

test('a budget is met or missed by the median of the ratios', () => {
  const samples = [
    { ours: 1, theirs: 2 },
    { ours: 3, theirs: 2 },
    { ours: 2, theirs: 2 },
  ];
  const comparison = { name: 'x', unit: 'ms', samples };
  expect(summarise({ ...comparison, budget: { atMost: 1 } })).toMatchObject({ ratio: 1, withinBudget: true });
  expect(summarise({ ...comparison, budget: { atLeast: 1.1 } })).toMatchObject({ withinBudget: false });
  expect(summarise(comparison).withinBudget).toBeUndefined();
});
