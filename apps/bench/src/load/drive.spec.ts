import { drive, keyAt, scattered } from './drive.js';

test('every operation runs once, and never more than allowed at a time', async () => {
  const seen: number[] = [];
  let [running, most] = [0, 0];
  const run = await drive({ operations: 10, atOnce: 3 }, async (at) => {
    most = Math.max(most, ++running);
    seen.push(at);
    await Promise.resolve();
    running--;
  });
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(3);
  expect(run.p99Ms).toBeGreaterThanOrEqual(run.p50Ms);
});

test('a failed operation fails the run', async () => {
  const failing = drive({ operations: 4, atOnce: 2 }, (at) =>
    at === 3 ? Promise.reject(new RangeError('no')) : Promise.resolve(),
  );
  await expect(failing).rejects.toThrow('no');
});

test('scattered numbers are all of them', () => {
  const numbers = Array.from({ length: 1000 }, (_, at) => scattered(at, 1000));
  expect(new Set(numbers).size).toBe(1000);
  expect(Math.max(...numbers)).toBe(999);
});

test('keys of all sizes of a run sort like their numbers', () => {
  expect(Buffer.compare(keyAt(99), keyAt(100))).toBe(-1);
  expect(keyAt(1)).toHaveLength(keyAt(123_456).length);
});
