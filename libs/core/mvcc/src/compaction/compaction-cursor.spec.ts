import fc from 'fast-check';
import { isCaissonError } from '@caisson/contracts';
import { decodeCompactionCursor, encodeCompactionCursor } from '../index.js';

const u64 = () => fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);

test('a cursor survives its row', () => {
  const cursors = fc.record(
    {
      floor: u64(),
      phase: fc.constantFrom('versions' as const, 'requests' as const, 'done' as const),
      position: fc.uint8Array({ maxLength: 30 }),
      anchor: fc.record({ commitTs: u64(), isDead: fc.boolean() }),
    },
    { requiredKeys: ['floor', 'phase', 'position'] },
  );
  fc.assert(
    fc.property(cursors, (cursor) =>
      expect(decodeCompactionCursor(encodeCompactionCursor(cursor))).toEqual(cursor),
    ),
  );
});

test('a row that no cursor encodes to is corruption, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (row) => {
      try {
        expect(encodeCompactionCursor(decodeCompactionCursor(row))).toEqual(row);
      } catch (error) {
        expect(isCaissonError(error, 'CORRUPTION')).toBe(true);
      }
    }),
  );
});
