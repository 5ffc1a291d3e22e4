import { describe, expect, test } from '@jest/globals';
import { logOf, membersOf, snapshotOf } from '../properties/peer.js';
import { Unstable } from './unstable.js';

interface Start {
  readonly offset?: number;
  readonly terms?: readonly number[];
  readonly snapshot?: readonly [index: number, term: number];
  readonly isInProgress?: boolean;
}

const said: string[] = [];

function unstable({ offset = 5, terms = [], snapshot, isInProgress = false }: Start): Unstable {
  const one = new Unstable(offset, (_, text) => said.push(text));
  if (snapshot !== undefined) one.restore(snapshotOf(snapshot[0], snapshot[1], membersOf([1])));
  if (terms.length > 0)
    one.truncateAndAppend(logOf(terms, snapshot === undefined ? offset : snapshot[0] + 1));
  if (isInProgress) one.acceptInProgress();
  return one;
}

const view = (one: Unstable): unknown => [
  one.offset,
  one.offsetInProgress,
  one.entries.map(({ term }) => term),
];

describe('the unstable end of the log', () => {
  test('knows its borders from its entries, then from its snapshot', () => {
    expect([unstable({ terms: [1] }).firstIndex(), unstable({ terms: [1] }).lastIndex()]).toEqual([
      undefined,
      5,
    ]);
    expect([unstable({}).firstIndex(), unstable({}).lastIndex()]).toEqual([undefined, undefined]);
    const restored = unstable({ snapshot: [4, 1] });
    expect([restored.firstIndex(), restored.lastIndex()]).toEqual([5, 4]);
    expect(unstable({ snapshot: [4, 1], terms: [1, 1] }).lastIndex()).toBe(6);
  });

  test('knows the terms of its entries and of its snapshot', () => {
    const one = unstable({ snapshot: [4, 3], terms: [5, 6] });
    expect([3, 4, 5, 6, 7].map((index) => one.term(index))).toEqual([undefined, 3, 5, 6, undefined]);
    expect(unstable({ terms: [5] }).term(4)).toBeUndefined();
  });

  test('hands out each entry and snapshot once', () => {
    const one = unstable({ snapshot: [4, 1], terms: [1, 1] });
    expect([one.nextEntries().length, one.nextSnapshot()?.index]).toEqual([2, 4]);
    one.acceptInProgress();
    expect([one.nextEntries().length, one.nextSnapshot()]).toEqual([0, undefined]);
    one.truncateAndAppend(logOf([1], 7));
    expect(one.nextEntries().map(({ index }) => index)).toEqual([7]);
  });

  test.each([
    { what: 'nothing for an empty end', start: {}, to: [5, 1], after: [5, 5, []] },
    { what: 'one entry', start: { terms: [1, 1], isInProgress: true }, to: [5, 1], after: [6, 7, [1]] },
    { what: 'all entries', start: { terms: [1, 1], isInProgress: true }, to: [6, 1], after: [7, 7, []] },
    {
      what: 'nothing of another term',
      start: { terms: [2], isInProgress: true },
      to: [5, 1],
      after: [5, 6, [2]],
    },
    { what: 'nothing below', start: { terms: [2], isInProgress: true }, to: [4, 2], after: [5, 6, [2]] },
    {
      what: 'nothing for a snapshot',
      start: { snapshot: [4, 1], terms: [1] },
      to: [4, 1],
      after: [5, 5, [1]],
    },
    { what: 'entries not handed out yet', start: { terms: [1, 1] }, to: [5, 1], after: [6, 6, [1]] },
  ] as const)('becomes stable: $what', ({ start, to, after }) => {
    const one = unstable(start);
    one.stableTo({ index: to[0], term: to[1] });
    expect(view(one)).toEqual(after);
  });

  test('says why a confirmation is ignored', () => {
    said.length = 0;
    unstable({}).stableTo({ index: 5, term: 1 });
    unstable({ terms: [2] }).stableTo({ index: 5, term: 1 });
    unstable({ snapshot: [4, 1] }).stableTo({ index: 4, term: 1 });
    expect(said).toEqual([
      'entry at index 5 missing from unstable log; ignoring',
      'entry at (index,term)=(5,1) mismatched with entry at (5,2) in unstable log; ignoring',
      'entry at index 4 matched unstable snapshot; ignoring',
    ]);
  });

  test.each([
    { what: 'appends', given: [1], from: 7, after: [5, 7, [1, 1, 1]] },
    { what: 'replaces everything', given: [2, 2], from: 5, after: [5, 5, [2, 2]] },
    { what: 'replaces from further back', given: [2, 2], from: 4, after: [4, 4, [2, 2]] },
    { what: 'replaces the end', given: [2], from: 6, after: [5, 6, [1, 2]] },
  ])('$what, and hands replaced entries out again', ({ given, from, after }) => {
    const one = unstable({ terms: from === 6 ? [1, 1, 1] : [1, 1], isInProgress: true });
    one.truncateAndAppend(logOf(given, from));
    expect(view(one)).toEqual(after);
  });

  test('replacing what was not handed out does not hand out more', () => {
    const one = unstable({ terms: [1] });
    one.acceptInProgress();
    one.truncateAndAppend(logOf([1, 1], 6));
    one.truncateAndAppend(logOf([2], 7));
    expect(view(one)).toEqual([5, 6, [1, 1, 2]]);
  });

  test('does not change what it was given or gave away', () => {
    const given = Object.freeze(logOf([1, 1], 5));
    const one = new Unstable(5, () => {});
    one.truncateAndAppend(given);
    const next = one.nextEntries();
    one.truncateAndAppend(logOf([1], 7));
    one.truncateAndAppend(logOf([2], 5));
    expect(next.map(({ term }) => term)).toEqual([1, 1]);
    const replacing = Object.freeze(logOf([3, 3], 5));
    one.truncateAndAppend(replacing);
    one.truncateAndAppend(logOf([3], 7));
    expect([given.length, replacing.length, one.entries.length]).toEqual([2, 2, 3]);
  });

  test('a snapshot replaces everything, and is gone once storage has it', () => {
    const one = unstable({ terms: [1], isInProgress: true });
    one.restore(snapshotOf(9, 2, membersOf([1])));
    expect([view(one), one.isSnapshotInProgress]).toEqual([[10, 10, []], false]);
    one.acceptInProgress();
    one.stableSnapshotTo(8);
    expect([one.snapshot?.index, one.isSnapshotInProgress]).toEqual([9, true]);
    one.stableSnapshotTo(9);
    expect([one.snapshot, one.isSnapshotInProgress]).toEqual([undefined, false]);
  });

  test('is only sliced inside itself', () => {
    const one = unstable({ terms: [1, 1] });
    expect(one.slice(5, 7)).toHaveLength(2);
    for (const [low, high] of [
      [4, 6],
      [5, 8],
      [6, 5],
    ] as const)
      expect(() => one.slice(low, high)).toThrow('RAFT-8');
  });
});
