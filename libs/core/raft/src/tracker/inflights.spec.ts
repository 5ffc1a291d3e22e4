import { describe, expect, test } from '@jest/globals';
import { Inflights } from './inflights.js';

const fill = (countMax: number, bytesMax: number, sizes: readonly number[]): Inflights => {
  const inflights = new Inflights(countMax, bytesMax);
  sizes.forEach((size, at) => inflights.add(at + 1, size));
  return inflights;
};

describe('the in-flight window', () => {
  test.each([
    { countMax: 3, bytesMax: 10, sizes: [], isFull: false },
    { countMax: 3, bytesMax: 10, sizes: [1, 1], isFull: false },
    { countMax: 3, bytesMax: 10, sizes: [1, 1, 1], isFull: true },
    { countMax: 3, bytesMax: 10, sizes: [4, 5], isFull: false },
    { countMax: 3, bytesMax: 10, sizes: [4, 6], isFull: true },
    { countMax: 3, bytesMax: 10, sizes: [90], isFull: true },
    { countMax: 3, bytesMax: Infinity, sizes: [90, 90], isFull: false },
  ])(
    'of $countMax messages and $bytesMax bytes with $sizes is full: $isFull',
    ({ countMax, bytesMax, sizes, isFull }) => {
      expect(fill(countMax, bytesMax, sizes).isFull).toBe(isFull);
    },
  );

  test('is freed through an acknowledged index, in messages and bytes', () => {
    const inflights = fill(4, 10, [3, 3, 3, 3]);
    inflights.freeThrough(0);
    expect(inflights.count).toBe(4);
    inflights.freeThrough(2);
    expect([inflights.count, inflights.isFull]).toEqual([2, false]);
    inflights.add(5, 4);
    expect(inflights.isFull).toBe(true);
    inflights.freeThrough(9);
    expect([inflights.count, inflights.isFull]).toEqual([0, false]);
  });

  test('starts over with the same limits', () => {
    const renewed = fill(2, 10, [1, 1]).renewed();
    expect([renewed.count, renewed.isFull]).toEqual([0, false]);
    renewed.add(1, 10);
    expect(renewed.isFull).toBe(true);
  });
});
