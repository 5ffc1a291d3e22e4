import { compareBytes, toHex } from '@caisson/base';
import fc from 'fast-check';
import { SortedPages } from './sorted-pages.js';

const key = fc.uint8Array({ maxLength: 3 });
const change = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 4 }), { nil: undefined }) });

function listed(pages: SortedPages): string[] {
  const rows: string[] = [];
  let held = pages.ceiling(new Uint8Array(0), { after: false });
  while (held !== undefined) {
    rows.push(`${toHex(held.key)}=${toHex(held.value)}`);
    held = pages.ceiling(held.key, { after: true });
  }
  return rows;
}

function listedBackwards(pages: SortedPages): string[] {
  const rows: string[] = [];
  let held = pages.below(undefined);
  while (held !== undefined) {
    rows.push(`${toHex(held.key)}=${toHex(held.value)}`);
    held = pages.below(held.key);
  }
  return rows;
}

function numbered(number: number): Uint8Array {
  return Uint8Array.of(number >>> 16, (number >>> 8) & 0xff, number & 0xff);
}

describe('SortedPages', () => {
  it('holds what a sorted list of the same changes holds, in both directions', () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 20 }), { maxLength: 20 }), (edits) => {
        const model = new Map<string, Uint8Array>();
        let pages = SortedPages.EMPTY;
        for (const changes of edits) {
          const edit = pages.edit();
          for (const { key, value } of changes) {
            if (value === undefined) {
              model.delete(toHex(key));
              edit.delete(key);
            } else {
              model.set(toHex(key), value);
              edit.set(key, value);
            }
          }
          pages = edit.done();
        }
        const rows = [...model].map(([hex, value]) => `${hex}=${toHex(value)}`);
        rows.sort((a, b) => (a.slice(0, a.indexOf('=')) < b.slice(0, b.indexOf('=')) ? -1 : 1));
        expect(listed(pages)).toEqual(rows);
        expect(listedBackwards(pages)).toEqual(rows.toReversed());
      }),
    );
  });

  it('stays as it was while later edits change, split and empty its pages', () => {
    const numbers = Array.from({ length: 5000 }, (_, at) => (at * 2741) % 5000);
    let edit = SortedPages.EMPTY.edit();
    for (const number of numbers) edit.set(numbered(number), numbered(number));
    const full = edit.done();
    const before = listed(full);

    edit = full.edit();
    for (const number of numbers) if (number % 3 !== 0) edit.delete(numbered(number));
    for (let number = 5000; number < 6000; number++) edit.set(numbered(number), numbered(number));
    const later = edit.done();

    expect(listed(full)).toEqual(before);
    expect(before).toHaveLength(5000);
    expect(listed(later)).toHaveLength(1667 + 1000);
    expect(full.get(numbered(4))).toEqual(numbered(4));
    expect(later.get(numbered(4))).toBeUndefined();
  });

  it('finds the neighbours of keys it does not hold', () => {
    const edit = SortedPages.EMPTY.edit();
    for (let number = 0; number < 2000; number += 2) edit.set(numbered(number), numbered(number));
    const pages = edit.done();
    for (let number = 1; number < 1998; number += 2) {
      const above = pages.ceiling(numbered(number), { after: false });
      const below = pages.below(numbered(number));
      expect(compareBytes(above!.key, numbered(number + 1))).toBe(0);
      expect(compareBytes(below!.key, numbered(number - 1))).toBe(0);
    }
    expect(pages.ceiling(numbered(1999), { after: false })).toBeUndefined();
    expect(pages.below(numbered(0))).toBeUndefined();
  });
});
