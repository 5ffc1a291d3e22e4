import { ManualClock } from '@caisson/compliance';
import { NodeTime } from './node-time.js';

test('a machine’s clock runs at its own rate, alarms included', () => {
  const shared = new ManualClock(0);
  const own = new NodeTime(shared);
  own.drift(100_000);
  const rung: number[] = [];
  own.after(110, () => rung.push(shared.monotonicMs()));
  shared.advance(1000);
  expect([own.nowMs(), own.monotonicMs(), ...rung]).toEqual([1100, 1100, 100]);
  own.drift(0);
  shared.advance(100);
  expect([own.nowMs(), own.monotonicMs()]).toEqual([1200, 1200]);
});

test('the wall clock steps and stands still, and the monotonic one goes on', () => {
  const shared = new ManualClock(1_000_000);
  const own = new NodeTime(shared);
  own.step(-500);
  expect([own.nowMs(), own.monotonicMs()]).toEqual([999_500, 0]);
  own.freeze();
  shared.advance(100);
  expect([own.nowMs(), own.monotonicMs()]).toEqual([999_500, 100]);
  own.thaw();
  expect(own.nowMs()).toBe(999_600);
  own.drift(1000);
  shared.advance(1000);
  own.calm();
  expect(own.nowMs()).toBe(shared.nowMs());
});

test('the wall clock runs at another rate than the monotonic one, and keeps what it gained', () => {
  const shared = new ManualClock(0);
  const own = new NodeTime(shared);
  own.driftApart(-200_000);
  shared.advance(1000);
  expect([own.nowMs(), own.monotonicMs()]).toEqual([800, 1000]);
  own.driftApart(100_000);
  shared.advance(1000);
  expect([own.nowMs(), own.monotonicMs()]).toEqual([1900, 2000]);
  own.calm();
  shared.advance(1000);
  expect([own.nowMs(), own.monotonicMs()]).toEqual([3000, 3000]);
});
