import { outageOf, watchOutage } from './outage.js';

const times = { begin: 0, happenedAt: 1000, end: 3000, afterMs: 1000 };

test('the pause is the longest gap after it happened, and the rates are those around it', () => {
  const before = Array.from({ length: 100 }, (_, at) => at * 10);
  const after = Array.from({ length: 50 }, (_, at) => 2000 + at * 20);
  const outage = outageOf([...before, 1200, ...after], times);
  expect(outage).toEqual({ pauseMs: 800, beforePerSecond: 100, afterPerSecond: 50 });
});

test('writers that hear nothing more have paused until the end', () => {
  expect(outageOf([900, 1100], times).pauseMs).toBe(1900);
});

test('writers go on while it happens, and stop afterwards', async () => {
  let [puts, happened] = [0, 0];
  const put = async () => {
    puts++;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const happen = async () => void happened++;
  await watchOutage({ put, atOnce: 2, beforeMs: 5, afterMs: 5, happen });
  const seen = puts;
  await new Promise((resolve) => setImmediate(resolve));
  expect([happened, puts === seen, seen > 2]).toEqual([1, true, true]);
});

test('writers that fail end it', async () => {
  const put = () => Promise.reject(new RangeError('broken'));
  const watched = watchOutage({
    put,
    atOnce: 1,
    beforeMs: 1000,
    afterMs: 5,
    happen: () => Promise.resolve(),
  });
  await expect(watched).rejects.toThrow('broken');
});
