import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodedSize, encodedSizes } from '../message/entry.js';
import { entry, logOf, membersOf, snapshotOf } from '../properties/peer.js';
import { MemoryStorage } from './memory-storage.js';
import { RaftLog } from './raft-log.js';

interface Start {
  /** Terms of entries in storage and of unstable ones after them. */
  readonly stable?: readonly number[];
  readonly unstable?: readonly number[];
  readonly base?: readonly [index: number, term: number];
  readonly applyingSizeMax?: number;
  readonly committed?: number;
}

const said: string[] = [];

function raftLog({
  stable = [],
  unstable = [],
  base = [0, 0],
  applyingSizeMax,
  committed = 0,
}: Start): RaftLog {
  const storage = new MemoryStorage();
  if (base[0] > 0) storage.applySnapshot(snapshotOf(base[0], base[1], membersOf([1])));
  storage.append(logOf(stable, base[0] + 1));
  const sink = (_: string, text: string): unknown => said.push(text);
  const log = new RaftLog({ storage, sink, applyingSizeMax: applyingSizeMax ?? Infinity });
  log.append(logOf(unstable, base[0] + stable.length + 1));
  log.commitTo(committed);
  return log;
}

const termsOf = (entries: ReturnType<RaftLog['slice']>): unknown =>
  typeof entries === 'string' ? entries : entries.map(({ term }) => term);

const all = (log: RaftLog): unknown => termsOf(log.slice(log.firstIndex(), log.lastIndex() + 1, Infinity));

describe('comparing logs', () => {
  test.each([
    { given: [], from: 4, at: undefined },
    { given: [1, 2, 3], from: 1, at: undefined },
    { given: [2, 3], from: 2, at: undefined },
    { given: [3, 4, 4], from: 3, at: 4 },
    { given: [1, 4, 4], from: 2, at: 2 },
    { given: [9], from: 1, at: 1 },
  ])('entries of terms $given from $from on first differ at $at', ({ given, from, at }) => {
    expect(raftLog({ unstable: [1, 2, 3] }).findConflict(logOf(given, from))).toBe(at);
  });

  test('a conflict is told of only inside the log', () => {
    said.length = 0;
    raftLog({ stable: [1, 2] }).findConflict(logOf([3], 3));
    raftLog({ stable: [1, 2] }).findConflict(logOf([3], 2));
    expect(said).toEqual(['found conflict at index 2 [existing term: 2, conflicting term: 3]']);
  });

  test.each([
    { terms: [0, 2, 2, 5, 5, 5], index: 5, term: 4, at: 2 },
    { terms: [0, 2, 2, 5, 5, 5], index: 5, term: 5, at: 5 },
    { terms: [0, 2, 2, 5, 5, 5], index: 5, term: 6, at: 5 },
    { terms: [0, 2, 2, 5, 5, 5], index: 5, term: 2, at: 2 },
    { terms: [0, 2, 2, 5, 5, 5], index: 5, term: 1, at: 0 },
    { terms: [0, 2, 2, 5, 5, 5], index: 1, term: 2, at: 1 },
    { terms: [0, 2, 2, 5, 5, 5], index: 0, term: 0, at: 0 },
  ])('the last index up to $index with a term up to $term is $at', ({ terms, index, term, at }) => {
    const log = raftLog({ stable: terms.slice(1) });
    expect(log.findConflictByTerm(index, term)).toEqual({ index: at, term: terms[at] });
  });

  test('the search ends at what is compacted, and above what is there', () => {
    const log = raftLog({ base: [10, 3], stable: [3, 3, 4] });
    expect(log.findConflictByTerm(13, 3)).toEqual({ index: 12, term: 3 });
    expect(log.findConflictByTerm(13, 2)).toEqual({ index: 9, term: 0 });
    expect(log.findConflictByTerm(14, 4)).toEqual({ index: 14, term: 0 });
  });

  test.each([
    [2, 4, true],
    [3, 4, true],
    [4, 4, true],
    [2, 2, false],
    [3, 2, false],
    [4, 2, false],
    [2, 3, false],
    [3, 3, true],
    [4, 3, true],
  ])('a candidate at index %i of term %i is up to date: %s', (index, term, isUpToDate) => {
    expect(raftLog({ unstable: [1, 2, 3] }).isUpToDate({ index, term })).toBe(isUpToDate);
  });
});

describe('appending', () => {
  test.each([
    { given: [], from: 3, after: [1, 2] },
    { given: [2], from: 3, after: [1, 2, 2] },
    { given: [2], from: 1, after: [2] },
    { given: [3, 3], from: 2, after: [1, 3, 3] },
  ])('$given from $from leaves $after', ({ given, from, after }) => {
    const log = raftLog({ stable: [1, 2] });
    log.append(logOf(given, from));
    expect(all(log)).toEqual(after);
  });

  test('below the commit index is a bug', () => {
    expect(() => raftLog({ stable: [1, 2], committed: 2 }).append(logOf([1], 2))).toThrow('RAFT-10');
  });

  const START = { stable: [1, 2, 3], committed: 1 };
  test.each([
    // The entry before is not ours.
    { previous: [3, 2], given: [4], leaderCommit: 3, last: undefined, committed: 1, after: [1, 2, 3] },
    { previous: [4, 3], given: [4], leaderCommit: 3, last: undefined, committed: 1, after: [1, 2, 3] },
    // The commit index goes only as far as this message vouches for.
    { previous: [3, 3], given: [], leaderCommit: 3, last: 3, committed: 3, after: [1, 2, 3] },
    { previous: [3, 3], given: [], leaderCommit: 4, last: 3, committed: 3, after: [1, 2, 3] },
    { previous: [3, 3], given: [], leaderCommit: 2, last: 3, committed: 2, after: [1, 2, 3] },
    { previous: [2, 2], given: [], leaderCommit: 3, last: 2, committed: 2, after: [1, 2, 3] },
    { previous: [3, 3], given: [], leaderCommit: 0, last: 3, committed: 1, after: [1, 2, 3] },
    { previous: [0, 0], given: [], leaderCommit: 3, last: 0, committed: 1, after: [1, 2, 3] },
    { previous: [3, 3], given: [4], leaderCommit: 3, last: 4, committed: 3, after: [1, 2, 3, 4] },
    { previous: [3, 3], given: [4], leaderCommit: 5, last: 4, committed: 4, after: [1, 2, 3, 4] },
    { previous: [3, 3], given: [4, 4], leaderCommit: 4, last: 5, committed: 4, after: [1, 2, 3, 4, 4] },
    { previous: [2, 2], given: [4], leaderCommit: 3, last: 3, committed: 3, after: [1, 2, 4] },
    { previous: [1, 1], given: [4, 4], leaderCommit: 3, last: 3, committed: 3, after: [1, 4, 4] },
    // What is here already stays, and what follows it too.
    { previous: [1, 1], given: [2], leaderCommit: 1, last: 2, committed: 1, after: [1, 2, 3] },
  ] as const)('after $previous, $given with commit $leaderCommit', (row) => {
    const log = raftLog(START);
    const previous = { index: row.previous[0], term: row.previous[1] };
    expect(log.maybeAppend(previous, logOf(row.given, previous.index + 1), row.leaderCommit)).toBe(row.last);
    expect([log.committed, all(log)]).toEqual([row.committed, row.after]);
  });

  test('over what is committed is a bug', () => {
    const log = raftLog(START);
    expect(() => log.maybeAppend({ index: 0, term: 0 }, logOf([4], 1), 1)).toThrow('RAFT-10');
  });

  test('does not write again what is there', () => {
    const log = raftLog({ stable: [1, 2, 3] });
    log.maybeAppend({ index: 0, term: 0 }, logOf([1, 2, 3, 3]), 0);
    expect(log.unstable.entries.map(({ index }) => index)).toEqual([4]);
  });
});

describe('committing', () => {
  test.each([
    [1, 2],
    [2, 2],
    [3, 3],
  ])('to %i leaves %i', (to, committed) => {
    const log = raftLog({ stable: [1, 2, 3], committed: 2 });
    log.commitTo(to);
    expect(log.committed).toBe(committed);
  });

  test('beyond the end is a bug: the log was cut', () => {
    expect(() => raftLog({ stable: [1, 2, 3] }).commitTo(4)).toThrow('RAFT-11');
  });

  test('by counting takes an entry of the term that counts', () => {
    const log = raftLog({ stable: [1, 1, 2] });
    expect([log.maybeCommit({ index: 2, term: 2 }), log.committed]).toEqual([false, 0]);
    expect([log.maybeCommit({ index: 3, term: 2 }), log.committed]).toEqual([true, 3]);
    expect(log.maybeCommit({ index: Infinity, term: 2 })).toBe(false);
  });
});

describe('handing out committed entries', () => {
  const indexes = (log: RaftLog, allowUnstable: boolean): number[] =>
    log.nextCommitted({ allowUnstable }).map(({ index }) => index);

  // Entries 4 to 6 after a snapshot at 3; 4 stable, 5 and 6 not.
  const start = (fields: Start = {}): RaftLog =>
    raftLog({ base: [3, 1], stable: [1], unstable: [1, 1], committed: 5, ...fields });

  test('takes what is committed, and unstable only if allowed', () => {
    expect([indexes(start(), true), indexes(start(), false)]).toEqual([[4, 5], [4]]);
    expect(start().hasNextCommitted({ allowUnstable: false })).toBe(true);
    const none = start({ stable: [], unstable: [1, 1, 1] });
    expect([indexes(none, true), indexes(none, false)]).toEqual([[4, 5], []]);
    expect([true, false].map((allowUnstable) => none.hasNextCommitted({ allowUnstable }))).toEqual([
      true,
      false,
    ]);
  });

  test('takes nothing twice', () => {
    const log = start();
    log.acceptApplying(4, 4, { allowUnstable: true });
    expect([log.applying, log.applied]).toEqual([4, 3]);
    log.appliedTo(4, 4);
    expect(indexes(log, true)).toEqual([5]);
  });

  test('waits for an unstable snapshot', () => {
    const log = start();
    log.restore(snapshotOf(9, 2, membersOf([1])));
    log.append(logOf([2], 10));
    log.commitTo(10);
    expect([indexes(log, true), log.hasNextCommitted({ allowUnstable: true })]).toEqual([[], false]);
    log.unstable.stableSnapshotTo(9);
    log.appliedTo(9, 0);
    expect(indexes(log, true)).toEqual([10]);
  });

  test('waits after a page that was cut short, until it is applied', () => {
    const size = encodedSize(entry(1, 4));
    const log = start({ applyingSizeMax: size + 1 });
    expect(indexes(log, true)).toEqual([4]);
    log.acceptApplying(4, size, { allowUnstable: true });
    expect([indexes(log, true), log.hasNextCommitted({ allowUnstable: true })]).toEqual([[], false]);
    log.appliedTo(4, size);
    expect(indexes(log, true)).toEqual([5]);
  });

  test('waits while as much as allowed is with the application', () => {
    const size = encodedSize(entry(1, 4));
    const log = start({ applyingSizeMax: 2 * size, unstable: [1, 1, 1], committed: 5 });
    log.acceptApplying(5, 2 * size, { allowUnstable: true });
    log.commitTo(7);
    expect(indexes(log, true)).toEqual([]);
    log.appliedTo(4, size);
    expect(indexes(log, true)).toEqual([6]);
  });

  test('leaves room for what is still with the application', () => {
    const size = encodedSize(entry(1, 4));
    const log = start({ applyingSizeMax: 3 * size, unstable: [1, 1, 1, 1], committed: 5 });
    log.acceptApplying(5, 2 * size, { allowUnstable: true });
    log.commitTo(8);
    expect(indexes(log, true)).toEqual([6]);
  });

  test('the three positions stay in order, or it is a bug', () => {
    const log = start();
    expect(() => log.acceptApplying(6, 0, { allowUnstable: true })).toThrow('RAFT-9');
    expect(() => log.appliedTo(6, 0)).toThrow('RAFT-9');
    expect(() => log.appliedTo(2, 0)).toThrow('RAFT-9');
    log.appliedTo(5, 1);
    expect([log.applied, log.applying]).toEqual([5, 5]);
  });
});

describe('slices', () => {
  test('join storage and the unstable end, within a size, and agree with the whole', () => {
    const parts = fc.record({ base: fc.nat(3), stable: fc.nat(5), unstable: fc.nat(5) });
    fc.assert(
      fc.property(parts, fc.nat(9), fc.nat(9), fc.nat(60), (part, from, length, sizeMax) => {
        const log = raftLog({
          base: [part.base, part.base > 0 ? 1 : 0],
          stable: Array.from({ length: part.stable }, () => 1),
          unstable: Array.from({ length: part.unstable }, () => 2),
        });
        const low = log.firstIndex() + from;
        const high = low + length;
        fc.pre(high <= log.lastIndex() + 1);
        const slice = log.slice(low, high, sizeMax) as readonly { index: number }[];
        const got = slice.map(({ index }) => index);
        expect(got).toEqual(Array.from({ length: got.length }, (_, at) => low + at));
        const entries = logOf(
          Array.from({ length }, () => 1),
          low,
        );
        const fits = (count: number): boolean => encodedSizes(entries.slice(0, count)) <= sizeMax;
        if (length > 0) expect(got.length >= 1).toBe(true);
        if (got.length > 1) expect(fits(got.length)).toBe(true);
        if (got.length < length) expect(fits(got.length + 1)).toBe(false);
      }),
    );
  });

  test('below the log are compacted, beyond it a bug', () => {
    const log = raftLog({ base: [3, 1], stable: [1] });
    expect(log.slice(3, 4, Infinity)).toBe('compacted');
    expect(() => log.slice(4, 6, Infinity)).toThrow('RAFT-7');
    expect(() => log.slice(5, 4, Infinity)).toThrow('RAFT-7');
    expect(log.entriesFrom(5, Infinity)).toEqual([]);
  });

  test('end where storage stops early, rather than leave a hole', () => {
    class Stingy extends MemoryStorage {
      override entries(low: number): ReturnType<MemoryStorage['entries']> {
        return super.entries(low, low + 1, Infinity);
      }
    }
    const storage = new Stingy();
    storage.append(logOf([1, 1, 1]));
    const log = new RaftLog({ storage, sink: () => {}, applyingSizeMax: Infinity });
    log.append(logOf([2], 4));
    expect(termsOf(log.slice(1, 5, Infinity))).toEqual([1]);
  });
});

describe('terms', () => {
  test('are known from the base to the end', () => {
    const log = raftLog({ base: [3, 7], stable: [8], unstable: [9] });
    const terms = [2, 3, 4, 5, 6].map((index) => log.term(index));
    expect(terms).toEqual(['compacted', 7, 8, 9, 'unavailable']);
    expect([log.termOrZero(6), log.lastId()]).toEqual([0, { index: 5, term: 9 }]);
  });

  test('come from the unstable snapshot first', () => {
    const log = raftLog({ base: [3, 7], stable: [8, 8, 8] });
    log.restore(snapshotOf(5, 9, membersOf([1])));
    expect([4, 5, 6].map((index) => log.term(index))).toEqual(['compacted', 9, 'unavailable']);
    expect([log.firstIndex(), log.lastIndex(), log.committed]).toEqual([6, 5, 5]);
    expect(log.snapshot()?.index).toBe(5);
  });
});
