import { passGate, quantile } from './gate.js';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is named is run, so many at once, and answered in its order', async () => {
  let [running, most] = [0, 0];
  const done: string[] = [];
  const run = async (name: string) => {
    most = Math.max(most, ++running);
    for (let turns = 0; turns < name.length; turns++) await turn();
    running--;
    return name;
  };
  const names = ['aaaaaaaa', 'b', 'cc', 'd'];
  const results = await passGate({ names, jobs: 2, run, onDone: (name) => done.push(name), signal: never });
  expect(results).toEqual(names);
  expect(done[0]).toBe('b');
  expect(most).toBe(2);
});

test('what came to its end before an interruption is kept, and nothing more is begun', async () => {
  const interruption = new AbortController();
  const begun: string[] = [];
  const run = async (name: string, signal: AbortSignal) => {
    begun.push(name);
    if (name === 'b') interruption.abort();
    signal.throwIfAborted();
    return name;
  };
  const { signal } = interruption;
  const results = await passGate({ names: ['a', 'b', 'c'], jobs: 1, run, onDone: () => undefined, signal });
  expect([results, begun]).toEqual([['a'], ['a', 'b']]);
});

test('what fails fails the whole', async () => {
  const run = () => Promise.reject(new RangeError('no'));
  const gate = passGate({ names: ['a'], jobs: 2, run, onDone: () => undefined, signal: never });
  await expect(gate).rejects.toThrow('no');
});

test.each([
  [0.5, [4, 1, 3, 2], 2],
  [0.9, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 9],
  [1, [1, 7], 7],
  [0.5, [], 0],
])('below the quantile %d of %j lies %d', (share, values, expected) => {
  expect(quantile(values, share)).toBe(expected);
});
