import { invariant } from '@caisson/base';
import type { Timestamp } from '@caisson/contracts';

/** Milliseconds of a timestamp are below this: 48 bits, the year 10889. */
export const TIMESTAMP_MS_LIMIT = 2 ** 48;
export const TIMESTAMP_MAX: Timestamp = 0xffff_ffff_ffff_ffffn;

const COUNTER_BITS = 16n;

/** The first timestamp of a millisecond. */
export function timestampOfMs(ms: number): Timestamp {
  invariant(
    'MVCC-1',
    Number.isInteger(ms) && ms >= 0 && ms < TIMESTAMP_MS_LIMIT,
    'milliseconds out of range',
  );
  return BigInt(ms) << COUNTER_BITS;
}

export function msOfTimestamp(ts: Timestamp): number {
  return Number(ts >> COUNTER_BITS);
}

/** `ts` plus a number of milliseconds, at most the last timestamp there is. */
export function addMs(ts: Timestamp, ms: number): Timestamp {
  const sum = ts + (BigInt(ms) << COUNTER_BITS);
  return sum > TIMESTAMP_MAX ? TIMESTAMP_MAX : sum;
}

/** Whether a value with this expiry (0n for never) counts as absent at `ts`. */
export function isExpired(expireAt: Timestamp, ts: Timestamp): boolean {
  return expireAt !== 0n && expireAt <= ts;
}
