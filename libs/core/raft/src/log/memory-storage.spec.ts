import { describe, expect, test } from '@jest/globals';
import { encodedSize } from '../message/entry.js';
import { entry, logOf, membersOf, snapshotOf } from '../properties/peer.js';
import { MemoryStorage } from './memory-storage.js';

/** Entries 4 to 6 of terms 4, 5, 6 after a base at 3 of term 3. */
function storage(): MemoryStorage {
  const one = new MemoryStorage();
  one.applySnapshot(snapshotOf(3, 3, membersOf([1])));
  one.append(logOf([4, 5, 6], 4));
  return one;
}

const terms = (entries: ReturnType<MemoryStorage['entries']>): unknown =>
  typeof entries === 'string' ? entries : entries.map(({ term }) => term);

describe('a log in memory', () => {
  test('knows terms from the entry it is attached to until its end', () => {
    expect([2, 3, 4, 6, 7].map((index) => storage().term(index))).toEqual([
      'compacted',
      3,
      4,
      6,
      'unavailable',
    ]);
    expect([storage().firstIndex(), storage().lastIndex()]).toEqual([4, 6]);
  });

  test('gives entries within a size, and never none', () => {
    const size = encodedSize(entry(4, 4));
    expect(terms(storage().entries(3, 5, Infinity))).toBe('compacted');
    expect(terms(storage().entries(4, 7, Infinity))).toEqual([4, 5, 6]);
    expect(terms(storage().entries(4, 7, 0))).toEqual([4]);
    expect(terms(storage().entries(4, 7, 2 * size))).toEqual([4, 5]);
    expect(terms(storage().entries(5, 6, Infinity))).toEqual([5]);
    expect(() => storage().entries(4, 8, Infinity)).toThrow('RAFT-7');
  });

  test.each([
    { what: 'the same again', from: 4, given: [4, 5, 6], after: [4, 5, 6] },
    { what: 'a longer end', from: 6, given: [6, 7], after: [4, 5, 6, 7] },
    { what: 'another end', from: 5, given: [8], after: [4, 8] },
    { what: 'what is compacted in part', from: 2, given: [2, 3, 9], after: [9] },
    { what: 'what is compacted altogether', from: 1, given: [1, 2], after: [4, 5, 6] },
    { what: 'nothing', from: 4, given: [], after: [4, 5, 6] },
  ])('takes $what', ({ from, given, after }) => {
    const one = storage();
    one.append(logOf(given, from));
    expect(terms(one.entries(4, one.lastIndex() + 1, Infinity))).toEqual(after);
  });

  test('leaves no gap', () => {
    expect(() => storage().append(logOf([8], 8))).toThrow('RAFT-7');
  });

  test('does not change what it gave away', () => {
    const one = storage();
    const given = one.entries(4, 7, Infinity);
    one.append(logOf([8], 5));
    expect(terms(given)).toEqual([4, 5, 6]);
  });

  test('forgets up to an index', () => {
    const one = storage();
    expect(one.compact(3)).toBe('compacted');
    expect(one.compact(5)).toBe('done');
    expect([one.firstIndex(), one.lastIndex(), one.term(5), one.term(4)]).toEqual([6, 6, 5, 'compacted']);
    expect(() => one.compact(9)).toThrow('RAFT-7');
  });

  test('records snapshots of what it holds and takes newer ones of others', () => {
    const one = storage();
    expect(one.createSnapshot(5, membersOf([1, 2]), Uint8Array.of(1))).toMatchObject({ index: 5, term: 5 });
    expect(one.createSnapshot(5, membersOf([1]), Uint8Array.of(2))).toBe('out-of-date');
    expect(one.applySnapshot(snapshotOf(5, 5, membersOf([1])))).toBe('out-of-date');
    expect(one.applySnapshot(snapshotOf(9, 7, membersOf([4])))).toBe('applied');
    expect([one.firstIndex(), one.lastIndex(), one.term(9)]).toEqual([10, 9, 7]);
    expect(one.initialState().confState.voters).toEqual([4]);
  });
});
