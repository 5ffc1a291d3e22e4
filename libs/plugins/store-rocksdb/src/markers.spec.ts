import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { BatchDigest, decodeMarker, markerKey, markerValue } from './markers.js';

const pieces = fc.array(
  fc.tuple(
    fc.uint8Array({ maxLength: 20 }),
    fc.option(fc.nat({ max: 6000 }).map((length) => new Uint8Array(length))),
  ),
  { maxLength: 40 },
);

test('digests of batches in the making at once do not mix', () => {
  fc.assert(
    fc.property(pieces, pieces, (mine, others) => {
      const [own, other] = [new BatchDigest(), new BatchDigest()];
      let [crc, bytes] = [0, 0];
      for (let at = 0; at < Math.max(mine.length, others.length); at++) {
        const [[key, value] = [], [otherKey, otherValue] = []] = [mine[at], others[at]];
        if (otherKey) other.add(otherKey, otherValue ?? undefined);
        if (!key) continue;
        own.add(key, value ?? undefined);
        crc = crc32(value ?? new Uint8Array(), crc32(key, crc));
        bytes += key.length + (value ? value.length + 1 : 0);
      }
      const tail = Buffer.alloc(24);
      tail.writeBigUInt64BE(7n, 0);
      tail.writeUInt32BE(mine.length, 8);
      tail.writeBigUInt64BE(BigInt(bytes), 12);
      tail.writeUInt32BE(9, 20);
      expect(own.chained(7, 9)).toBe(crc32(tail, crc));
    }),
  );
});

test('a marker reads as it was written', () => {
  const marker = { sequence: 2 ** 40 + 3, floor: 2 ** 40, previous: 0xffff_fffe, digest: 5 };
  expect(decodeMarker(markerKey(marker.sequence), markerValue(marker))).toEqual(marker);
  expect(decodeMarker(markerKey(1), Buffer.alloc(15))).toBeUndefined();
});
