import { isCaissonError } from '@caisson/contracts';
import fc from 'fast-check';
import { decodeRewriteCursor, encodeRewriteCursor, type RewriteCursor } from './rewrite-cursor.js';

const count = fc.maxSafeNat();
const cursor: fc.Arbitrary<RewriteCursor> = fc
  .record({
    target: fc.record({ keyId: fc.nat(0xffff_ffff), version: fc.nat(255) }),
    rate: count,
    done: count,
    total: count,
    bytes: count,
    finishedAt: fc.option(count, { nil: undefined }),
    finishBy: fc.option(count, { nil: undefined }),
    position: fc.uint8Array({ maxLength: 40 }),
  })
  .map(({ finishedAt, finishBy, ...rest }) => ({
    ...rest,
    ...(finishedAt !== undefined && { finishedAt }),
    ...(finishBy !== undefined && { finishBy }),
  }));

test('a cursor comes back as it was, and has one encoding', () => {
  fc.assert(
    fc.property(cursor, (given) => {
      const row = encodeRewriteCursor(given);
      const read = decodeRewriteCursor(row);
      expect({ ...read, position: Uint8Array.from(read.position) }).toEqual(given);
      expect(encodeRewriteCursor(read)).toEqual(row);
    }),
  );
});

test('whatever else is there is CORRUPTION, and nothing worse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (row) => {
      try {
        expect(encodeRewriteCursor(decodeRewriteCursor(row))).toEqual(row);
      } catch (error) {
        expect(isCaissonError(error, 'CORRUPTION')).toBe(true);
      }
    }),
  );
});

test.each<[string, (row: Uint8Array) => Uint8Array, string]>([
  ['an unknown version', (row) => row.with(0, 2), 'version'],
  ['unknown flags', (row) => row.with(1, 4), 'flags'],
  ['a row that is cut off', (row) => row.subarray(0, 20), 'done'],
  ['a count above 2^53', (row) => row.with(7, 0xff), 'rate'],
])('%s is refused and named', (_, edit, field) => {
  const target = { keyId: 7, version: 2 };
  const row = encodeRewriteCursor({
    target,
    rate: 1,
    done: 2,
    total: 3,
    bytes: 4,
    position: Uint8Array.of(2, 9),
  });
  expect(() => decodeRewriteCursor(edit(row))).toThrow(
    expect.objectContaining({ code: 'CORRUPTION', details: expect.objectContaining({ field }) }),
  );
});
