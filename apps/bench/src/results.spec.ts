import { Results } from './results.js';

const SPEED = { name: 'speed', unit: 'ops/s', against: 'the other', budget: { atLeast: 1 } };

test('rows with two sides are comparisons, in the order they first came', () => {
  const results = new Results();
  results.add(SPEED, 1, 2);
  results.add({ name: 'delay', unit: 'ms' }, 5, 6);
  results.add(SPEED, 3, 4);
  expect(results.list()).toEqual([
    {
      ...SPEED,
      samples: [
        { ours: 1, theirs: 2 },
        { ours: 3, theirs: 4 },
      ],
    },
    { name: 'delay', unit: 'ms', samples: [{ ours: 5, theirs: 6 }] },
  ]);
});

test('without another side a row is a figure, and the budget of the ratio does not apply', () => {
  const results = new Results();
  results.add(SPEED, 1);
  results.add(SPEED, 2);
  expect(results.list()).toEqual([{ name: 'speed', unit: 'ops/s', values: [1, 2] }]);
});
