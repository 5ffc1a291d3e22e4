import fc from 'fast-check';
import { isCaissonError } from '@caisson/contracts';
import { HybridClock, msOfTimestamp, timestampOfMs } from '../index.js';

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return isCaissonError(error) ? error.code : 'foreign';
  }
  return undefined;
};

test('timestamps rise strictly and never lie below the wall clock, whatever the wall clock does', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ wall: fc.nat(1_000_000) }),
      fc.record({ observe: fc.bigInt(0n, 1_000_000n << 16n) }),
      fc.constant({ next: true as const }),
    ),
  );
  fc.assert(
    fc.property(steps, fc.bigInt(0n, 1_000_000n << 16n), (run, above) => {
      let wall = 0;
      let last = above;
      const clock = new HybridClock({ nowMs: () => wall, above });
      for (const step of run) {
        if ('wall' in step) wall = step.wall;
        else if ('observe' in step) {
          clock.observe(step.observe);
          if (step.observe > last) last = step.observe;
        } else {
          const ts = clock.next();
          expect(ts > last).toBe(true);
          expect(msOfTimestamp(ts)).toBeGreaterThanOrEqual(wall);
          expect(ts).toBe(last + 1n > BigInt(wall) << 16n ? last + 1n : BigInt(wall) << 16n);
          last = ts;
        }
        expect(clock.last).toBe(last);
      }
    }),
  );
});

test('a full counter carries into the milliseconds', () => {
  const clock = new HybridClock({ nowMs: () => 5, above: (5n << 16n) | 0xfffen });
  expect(clock.next()).toBe((5n << 16n) | 0xffffn);
  expect(clock.next()).toBe(6n << 16n);
});

test('nothing is issued above the ceiling, and the clock goes on once it rises', () => {
  let ceiling: bigint | undefined = timestampOfMs(10) | 1n;
  const clock = new HybridClock({ nowMs: () => 10, above: 0n, ceiling: () => ceiling });
  expect(clock.next()).toBe(timestampOfMs(10));
  expect(clock.next()).toBe(timestampOfMs(10) | 1n);
  expect(codeOf(() => clock.next())).toBe('CLOCK_CEILING');
  ceiling = undefined;
  expect(clock.next()).toBe(timestampOfMs(10) | 2n);
});

test('a clock outside its range and one without timestamps left say so', () => {
  expect(codeOf(() => new HybridClock({ nowMs: () => -1, above: 0n }).next())).toBe('CLOCK_EXHAUSTED');
  expect(codeOf(() => new HybridClock({ nowMs: () => Number.NaN, above: 0n }).now())).toBe('CLOCK_EXHAUSTED');
  expect(codeOf(() => new HybridClock({ nowMs: () => 2 ** 48, above: 0n }).next())).toBe('CLOCK_EXHAUSTED');
  const full = new HybridClock({ nowMs: () => 1, above: 0xffff_ffff_ffff_ffffn });
  expect(codeOf(() => full.next())).toBe('CLOCK_EXHAUSTED');
});

test('now issues nothing', () => {
  const clock = new HybridClock({ nowMs: () => 7, above: 3n });
  expect(clock.now()).toBe(timestampOfMs(7));
  expect(clock.last).toBe(3n);
});

test('milliseconds out of range are a bug (MVCC-1)', () => {
  expect(() => timestampOfMs(-1)).toThrow('MVCC-1');
  expect(() => timestampOfMs(2 ** 48)).toThrow('MVCC-1');
});
