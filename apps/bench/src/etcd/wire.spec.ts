import { decodeFields, encodeFields } from './wire.js';

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

test('fields are written with their numbers, integers seven bits at a time', () => {
  const encoded = encodeFields([
    [1, bytes(0x6b)],
    [2, 300n],
    [3, 0n],
    [4, bytes()],
  ]);
  expect([...encoded]).toEqual([0x0a, 1, 0x6b, 0x10, 0xac, 0x02]);
});

test('fields are found again beside others that nobody knows', () => {
  const fixed = [0x19, ...new Array<number>(8).fill(9), 0x25, 1, 2, 3, 4];
  const fields = decodeFields(bytes(0x0a, 2, 7, 8, ...fixed, 0x10, 0x80, 0x01));
  expect([...fields]).toEqual([
    [1, bytes(7, 8)],
    [2, 128n],
  ]);
});

test('64 bits survive', () => {
  const value = 0xffff_ffff_ffff_fff1n;
  expect(decodeFields(encodeFields([[2, value]])).get(2)).toBe(value);
});

test('a message that ends inside a field is refused', () => {
  expect(() => decodeFields(bytes(0x0a, 5, 1))).toThrow(RangeError);
});
