import { compareBytes, startsWith, toUtf8 } from '@caisson/base';
import fc from 'fast-check';
import {
  decodeVersionKey,
  escapeKey,
  requestResultKey,
  requestResultRange,
  SYSTEM_KEYS,
  systemKey,
  TABLE,
  tableRange,
  versionKey,
  versionPrefix,
  versionRange,
  writerRegistryKey,
  writerRegistryPrefix,
} from './index.js';

/** Short keys over few bytes, so that prefixes, zeros and equal keys are common. */
const key = fc
  .array(fc.constantFrom(0x00, 0x01, 0x02, 0xfe, 0xff), { maxLength: 5 })
  .map((k) => Uint8Array.from(k));
const timestamp = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 0xffff_ffff_ffff_ffffn));

test('escaped keys sort as the keys do, and none is a prefix of another', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const order = Math.sign(compareBytes(a, b));
      expect(Math.sign(compareBytes(escapeKey(a), escapeKey(b)))).toBe(order);
      if (order !== 0) expect(startsWith(escapeKey(a), escapeKey(b))).toBe(false);
    }),
  );
});

test('version keys sort by user key, then newest first, whatever the keys hold', () => {
  fc.assert(
    fc.property(key, key, timestamp, timestamp, (a, b, aTs, bTs) => {
      const expected = Math.sign(compareBytes(a, b)) || Math.sign(Number(bTs - aTs));
      expect(Math.sign(compareBytes(versionKey(a, aTs), versionKey(b, bTs)))).toBe(expected);
    }),
  );
});

test('the prefix of a user key covers its own versions and no others', () => {
  fc.assert(
    fc.property(key, key, timestamp, (a, b, ts) => {
      expect(startsWith(versionKey(b, ts), versionPrefix(a))).toBe(compareBytes(a, b) === 0);
    }),
  );
});

test('a range of user keys covers the versions of exactly these keys', () => {
  fc.assert(
    fc.property(key, key, fc.option(key, { nil: undefined }), timestamp, (k, from, to, ts) => {
      const range = versionRange(from, to);
      const stored = versionKey(k, ts);
      const inside = compareBytes(k, from) >= 0 && (to === undefined || compareBytes(k, to) < 0);
      expect(compareBytes(stored, range.from) >= 0 && compareBytes(stored, range.to) < 0).toBe(inside);
    }),
  );
});

test('timestamps survive at both ends of their range', () => {
  for (const commitTs of [0n, 1n, 0xffff_ffff_ffff_ffffn]) {
    expect(decodeVersionKey(versionKey(toUtf8('k'), commitTs)).commitTs).toBe(commitTs);
  }
});

test('a view into a larger buffer encodes and decodes like a copy', () => {
  const pool = toUtf8('..a\0b..');
  const stored = versionKey(pool.subarray(2, 5), 7n);
  const padded = new Uint8Array([9, 9, ...stored, 9]);
  expect(decodeVersionKey(padded.subarray(2, 2 + stored.length))).toEqual({
    userKey: toUtf8('a\0b'),
    commitTs: 7n,
  });
});

test('a table’s range holds its keys and no other table’s', () => {
  for (const table of Object.values(TABLE)) {
    const { from, to } = tableRange(table);
    for (const other of Object.values(TABLE)) {
      const sample = Uint8Array.of(other, 0xff, 0xff);
      const inside = compareBytes(sample, from) >= 0 && compareBytes(sample, to) < 0;
      expect(inside).toBe(other === table);
    }
  }
});

test('no system row stands in the way of another', () => {
  const rows = [
    ...Object.values(SYSTEM_KEYS),
    requestResultKey(new Uint8Array(16)),
    systemKey(writerRegistryKey(1, 2)),
  ];
  for (const a of rows) {
    for (const b of rows) if (a !== b) expect(startsWith(a, b)).toBe(false);
  }
});

test('the range of request results holds every id and no other system row', () => {
  const { from, to } = requestResultRange();
  const inside = (stored: Uint8Array) => compareBytes(stored, from) >= 0 && compareBytes(stored, to) < 0;
  expect(inside(requestResultKey(new Uint8Array(16)))).toBe(true);
  expect(inside(requestResultKey(new Uint8Array(16).fill(0xff)))).toBe(true);
  for (const row of Object.values(SYSTEM_KEYS)) expect(inside(row)).toBe(false);
});

test('the registry’s prefixes cover all rows, or the rows of one key', () => {
  const row = writerRegistryKey(7, 0xabcd);
  expect(row).toHaveLength(27);
  expect(startsWith(row, writerRegistryPrefix())).toBe(true);
  expect(startsWith(row, writerRegistryPrefix(7))).toBe(true);
  expect(startsWith(row, writerRegistryPrefix(8))).toBe(false);
});
