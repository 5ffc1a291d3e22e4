import { ManualClock } from '@caisson/compliance';
import { Pace, type Portioned } from './pace.js';

const MEBIBYTE = 1024 * 1024;
const { signal } = new AbortController();

const NOTHING: Portioned = { bytes: 0, waitedMs: 0, heldMs: 0, workedMs: 0, isBusy: false };

let clock: ManualClock;
let pace: Pace;

beforeEach(() => {
  clock = new ManualClock();
  pace = new Pace(clock, MEBIBYTE);
});

/** How long it rests after a portion. */
async function restMs(portion: Partial<Portioned>): Promise<number> {
  let isOver = false;
  const resting = pace.rest({ ...NOTHING, ...portion }, signal);
  void resting.then(() => (isOver = true));
  let passed = 0;
  for (; !isOver && passed < 10_000; passed++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!isOver) clock.advance(1);
  }
  await resting;
  return passed - 1;
}

test('bytes come at the rate, and a second that was not used may be made up for', async () => {
  expect(await restMs({ bytes: MEBIBYTE })).toBeGreaterThanOrEqual(998);
  expect(await restMs({ bytes: MEBIBYTE / 2 })).toBeGreaterThanOrEqual(498);
  clock.advance(5_000);
  expect(await restMs({ bytes: MEBIBYTE })).toBeLessThanOrEqual(1);
});

test('whoever was kept waiting leaves the others alone for longer, up to a limit', async () => {
  pace.rate = 0;
  expect(await restMs({ waitedMs: 100 })).toBeGreaterThanOrEqual(300);
  expect(await restMs({ waitedMs: 5000 })).toBeLessThanOrEqual(1001);
  expect(await restMs({ waitedMs: 0 })).toBeLessThanOrEqual(1);
});

test('where others are served, it rests for longer than it worked, and else not at all', async () => {
  pace.rate = 0;
  expect(await restMs({ workedMs: 100, isBusy: true })).toBeGreaterThanOrEqual(198);
  expect(await restMs({ workedMs: 100 })).toBeLessThanOrEqual(1);
});

test('portions shrink where they hold others up, and grow again where they do not', async () => {
  pace.rate = 0;
  const first = pace.portionBytes;
  await restMs({ heldMs: 50 });
  expect(pace.portionBytes).toBe(first / 2);
  for (let n = 0; n < 20; n++) await restMs({ heldMs: 50 });
  expect(pace.portionBytes).toBe(4096);
  for (let n = 0; n < 40; n++) await restMs({ heldMs: 1 });
  expect(pace.portionBytes).toBe(256 * 1024);
  pace.rate = 1000;
  expect(pace.portionBytes).toBe(250);
});

test('with a time, the rate is what the rest takes, with some to spare, in equal parts for each group', () => {
  pace.finishBy = clock.nowMs() + 10_000;
  const extent = { done: 100, total: 1100, bytes: 100 * 9216 };
  pace.aim(extent, 1);
  expect(pace.rate).toBe(1024 * 1000);
  pace.aim(extent, 2);
  expect(pace.rate).toBe(2 * 1024 * 1000);
  clock.advance(9_000);
  pace.aim(extent, 1);
  expect(pace.rate).toBe(10 * 1024 * 1000);
  clock.advance(2_000);
  pace.aim(extent, 1);
  expect(pace.rate).toBe(0);
});

test('a time far away is no standstill, and nothing is aimed at before something is known', () => {
  pace.finishBy = clock.nowMs() + 1e12;
  pace.aim({ done: 0, total: 9, bytes: 0 }, 1);
  expect(pace.rate).toBe(MEBIBYTE);
  pace.aim({ done: 1, total: 9, bytes: 100 }, 1);
  expect(pace.rate).toBe(16 * 1024);
  pace.finishBy = undefined;
  pace.rate = 5;
  pace.aim({ done: 1, total: 9, bytes: 100 }, 1);
  expect(pace.rate).toBe(5);
});
