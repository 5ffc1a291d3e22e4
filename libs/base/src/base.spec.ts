import fc from 'fast-check';
import {
  ByteReader,
  ByteWriter,
  compareBytes,
  crc32c,
  DecodeFault,
  fnv1a64,
  fromHex,
  fromUtf8,
  invariant,
  prefixEnd,
  startsWith,
  toHex,
  toUtf8,
} from './index.js';

const bytes = () => fc.uint8Array({ maxLength: 40 });

test('the order of bytes is the order of their hex texts', () => {
  fc.assert(
    fc.property(bytes(), bytes(), (a, b) => {
      const texts = toHex(a) < toHex(b) ? -1 : toHex(a) > toHex(b) ? 1 : 0;
      expect(Math.sign(compareBytes(a, b))).toBe(texts);
    }),
  );
});

test('a prefix range holds exactly the strings that start with the prefix', () => {
  fc.assert(
    fc.property(bytes(), bytes(), (prefix, other) => {
      const end = prefixEnd(prefix);
      const inRange = compareBytes(other, prefix) >= 0 && (end === undefined || compareBytes(other, end) < 0);
      expect(inRange).toBe(startsWith(other, prefix));
    }),
  );
  expect(prefixEnd(Uint8Array.of(0xff, 0xff))).toBeUndefined();
  expect(prefixEnd(Uint8Array.of(1, 0xff))).toEqual(Uint8Array.of(2));
});

test('the end of a prefix leaves the prefix alone, also when it is a Buffer', () => {
  const prefix = Buffer.from('user/');
  expect(Buffer.from(prefixEnd(prefix)!).toString()).toBe('user0');
  expect(prefix.toString()).toBe('user/');
});

test('hex and UTF-8 round-trip, and refuse what is neither', () => {
  fc.assert(fc.property(bytes(), (value) => expect(fromHex(toHex(value))).toEqual(value)));
  fc.assert(fc.property(fc.string(), (text) => expect(fromUtf8(toUtf8(text))).toBe(text)));
  expect(fromHex('abc')).toBeUndefined();
  expect(fromHex('zz')).toBeUndefined();
  expect(fromUtf8(Uint8Array.of(0xc3, 0x28))).toBeUndefined();
});

test('CRC-32C and FNV-1a give their published check values', () => {
  expect(crc32c(toUtf8('123456789'))).toBe(0xe3069283);
  expect(crc32c(toUtf8('6789'), crc32c(toUtf8('12345')))).toBe(0xe3069283);
  expect(fnv1a64(toUtf8('a'))).toBe(0xaf63dc4c8601ec8cn);
});

/** By its definition: a division of polynomials, a bit at a time. */
function crc32cBitwise(bytes: Uint8Array, seed: number): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test('CRC-32C is what its definition gives, at any length, place and seed, and in parts', () => {
  const seeds = fc.integer({ min: 0, max: 0xffff_ffff });
  const long = fc.uint8Array({ maxLength: 300, size: 'max' });
  fc.assert(
    fc.property(long, fc.nat(20), fc.nat(300), seeds, (content, from, cut, seed) => {
      const part = content.subarray(from);
      const expected = crc32cBitwise(part, seed);
      expect(crc32c(part, seed)).toBe(expected);
      expect(crc32c(part.subarray(cut), crc32c(part.subarray(0, cut), seed))).toBe(expected);
    }),
  );
});

test('what the writer wrote the reader reads back, and not a byte more', () => {
  const written = new ByteWriter(1)
    .u8(7)
    .u16(0x1234)
    .u32(0xdeadbeef)
    .u64(1n << 63n)
    .u64le(5n)
    .index(2 ** 52 + 1)
    .block(Uint8Array.of(1, 2))
    .done();
  const reader = new ByteReader(written);
  expect(reader.u8('a')).toBe(7);
  expect(reader.u16('b')).toBe(0x1234);
  expect(reader.u32('c')).toBe(0xdeadbeef);
  expect(reader.u64('d')).toBe(1n << 63n);
  expect(reader.u64le('e')).toBe(5n);
  expect(reader.index('f')).toBe(2 ** 52 + 1);
  expect(reader.block(2, 'g')).toEqual(Uint8Array.of(1, 2));
  expect(() => reader.end()).not.toThrow();
  expect(() => reader.u8('h')).toThrow(new DecodeFault('h', 'needs 1 bytes, 0 are left'));
});

test('a reader refuses lengths above the limit, lossy numbers and trailing bytes', () => {
  expect(() => new ByteReader(new ByteWriter().block(new Uint8Array(9)).done()).block(8, 'x')).toThrow(
    DecodeFault,
  );
  expect(() => new ByteReader(new ByteWriter().u64(1n << 60n).done()).index('x')).toThrow(DecodeFault);
  expect(() => new ByteReader(Uint8Array.of(1)).end()).toThrow(DecodeFault);
});

test('numbers of every size come back, and only their low bits are written', () => {
  const numbers = fc.tuple(
    fc.nat(0xff),
    fc.nat(0xffff),
    fc.nat(0xffff_ffff),
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.maxSafeNat(),
  );
  fc.assert(
    fc.property(numbers, ([byte, short, word, long, index]) => {
      const writer = new ByteWriter(3).u8(byte + 256).u16(short + 0x1_0000).u32(word).u64(long);
      const written = writer.u64le(long).index(index).done();
      const expected = Buffer.alloc(31);
      expected.writeUInt8(byte, 0);
      expected.writeUInt16BE(short, 1);
      expected.writeUInt32BE(word, 3);
      expected.writeBigUInt64BE(long, 7);
      expected.writeBigUInt64LE(long, 15);
      expected.writeBigUInt64BE(BigInt(index), 23);
      expect(Buffer.compare(written, expected)).toBe(0);
      const reader = new ByteReader(written);
      const small = [reader.u8('a'), reader.u16('b'), reader.u32('c')];
      expect(small).toEqual([byte, short, word]);
      expect([reader.u64('d'), reader.u64le('e')]).toEqual([long, long]);
      expect(reader.index('f')).toBe(index);
    }),
  );
});

test.each([2, 3, 64])('what a writer of %i bytes gave stays as it is while it goes on', (capacity) => {
  const writer = new ByteWriter(capacity).u16(0x0102);
  const first = writer.done();
  const second = writer.u8(3).done();
  const third = writer.u32(4).done();
  expect([[...first], [...second], [...third]]).toEqual([
    [1, 2],
    [1, 2, 3],
    [1, 2, 3, 0, 0, 0, 4],
  ]);
});

test('bytes read are copies, views are not', () => {
  const source = Uint8Array.of(1, 2);
  const copied = new ByteReader(source).bytes(2, 'x');
  const viewed = new ByteReader(source).view(2, 'x');
  source[0] = 9;
  expect(copied[0]).toBe(1);
  expect(viewed[0]).toBe(9);
});

test('a broken invariant names its row', () => {
  expect(() => invariant('BASE-0', false, 'shown here')).toThrow('invariant BASE-0 is broken: shown here');
});
