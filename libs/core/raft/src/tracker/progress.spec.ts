import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Inflights } from './inflights.js';
import { Progress } from './progress.js';

function progress(fields: Partial<Progress> = {}, countMax = 2): Progress {
  const inflights = new Inflights(countMax, Infinity);
  const fresh = new Progress({ match: 1, next: 5, inflights, isLearner: false, recentActive: true });
  return Object.assign(fresh, fields);
}

const view = ({ state, match, next, sentCommit, pendingSnapshot, isFlowPaused }: Progress): unknown => ({
  state,
  match,
  next,
  sentCommit,
  pendingSnapshot,
  isFlowPaused,
});

describe('the state of a member', () => {
  test('is paused while a snapshot is on its way, and else when told to', () => {
    expect(progress({ state: 'StateSnapshot' }).isPaused).toBe(true);
    expect(progress({ state: 'StateProbe' }).isPaused).toBe(false);
    expect(progress({ state: 'StateProbe', isFlowPaused: true }).isPaused).toBe(true);
    expect(progress({ state: 'StateReplicate' }).isPaused).toBe(false);
    expect(progress({ state: 'StateReplicate', isFlowPaused: true }).isPaused).toBe(true);
  });

  test('probing starts after what is known to match', () => {
    const one = progress({ state: 'StateReplicate', sentCommit: 9, isFlowPaused: true });
    one.becomeProbe();
    expect(view(one)).toEqual({
      state: 'StateProbe',
      match: 1,
      next: 2,
      sentCommit: 1,
      pendingSnapshot: 0,
      isFlowPaused: false,
    });
  });

  test('probing after a snapshot starts behind it', () => {
    const arrived = progress({ state: 'StateSnapshot', pendingSnapshot: 10 });
    arrived.becomeProbe();
    expect([arrived.next, arrived.pendingSnapshot]).toEqual([11, 0]);
    const failed = progress({ state: 'StateSnapshot', pendingSnapshot: 0 });
    failed.becomeProbe();
    expect(failed.next).toBe(2);
    const overtaken = progress({ state: 'StateSnapshot', pendingSnapshot: 3, match: 7, next: 8 });
    overtaken.becomeProbe();
    expect(overtaken.next).toBe(8);
  });

  test('replicating starts after what is known to match and keeps the commit index sent', () => {
    const one = progress({ match: 3, next: 9, sentCommit: 6, isFlowPaused: true });
    one.becomeReplicate();
    expect([one.state, one.match, one.next, one.sentCommit, one.isFlowPaused]).toEqual([
      'StateReplicate',
      3,
      4,
      6,
      false,
    ]);
  });

  test('waiting for a snapshot presumes its index sent, entries and commit', () => {
    const one = progress();
    one.becomeSnapshot(10);
    expect([one.state, one.match, one.next, one.sentCommit, one.pendingSnapshot]).toEqual([
      'StateSnapshot',
      1,
      11,
      10,
      10,
    ]);
  });

  test('every change of state empties the window', () => {
    for (const change of [
      (one: Progress) => one.becomeProbe(),
      (one: Progress) => one.becomeReplicate(),
      (one: Progress) => one.becomeSnapshot(7),
    ]) {
      const one = progress();
      one.inflights.add(1, 1);
      change(one);
      expect(one.inflights.count).toBe(0);
    }
  });
});

describe('sending to a member', () => {
  test('streams until the window is full', () => {
    const one = progress({ state: 'StateReplicate' });
    one.sentEntries(2, 20);
    expect([one.next, one.inflights.count, one.isPaused]).toEqual([7, 1, false]);
    one.sentEntries(1, 10);
    expect([one.next, one.inflights.count, one.isPaused]).toEqual([8, 2, true]);
  });

  test('an empty append takes no place in the window', () => {
    const one = progress({ state: 'StateReplicate' });
    one.sentEntries(0, 0);
    expect([one.next, one.inflights.count, one.isPaused]).toEqual([5, 0, false]);
  });

  test('a probe with entries pauses, an empty one does not', () => {
    const one = progress();
    one.sentEntries(0, 0);
    expect([one.next, one.isPaused]).toEqual([5, false]);
    one.sentEntries(3, 30);
    expect([one.next, one.isPaused]).toEqual([5, true]);
  });

  test('is a bug while a snapshot is on its way', () => {
    expect(() => progress({ state: 'StateSnapshot' }).sentEntries(1, 1)).toThrow('RAFT-2');
  });

  test('a commit index is news if higher than the last one and of use to what was sent', () => {
    const one = progress({ sentCommit: 2 });
    expect([1, 2, 3].map((commit) => one.canBumpCommit(commit))).toEqual([false, false, true]);
    expect(progress({ sentCommit: 4 }).canBumpCommit(9)).toBe(false);
    expect(progress({ sentCommit: 3 }).canBumpCommit(9)).toBe(true);
  });
});

describe('answers of a member', () => {
  test.each([
    { index: 0, isNews: false, match: 1, next: 5 },
    { index: 1, isNews: false, match: 1, next: 5 },
    { index: 2, isNews: true, match: 2, next: 5 },
    { index: 6, isNews: true, match: 6, next: 7 },
  ])('an acknowledgement of $index is news: $isNews', ({ index, isNews, match, next }) => {
    const one = progress({ isFlowPaused: true });
    expect(one.maybeUpdate(index)).toBe(isNews);
    expect([one.match, one.next, one.isFlowPaused]).toEqual([match, next, !isNews]);
  });

  test.each([
    // While streaming, what is refused below the match is an old story.
    { state: 'StateReplicate', match: 5, next: 10, rejected: 5, hint: 5, isNews: false, to: 10 },
    { state: 'StateReplicate', match: 5, next: 10, rejected: 4, hint: 4, isNews: false, to: 10 },
    { state: 'StateReplicate', match: 5, next: 10, rejected: 9, hint: 9, isNews: true, to: 6 },
    // While probing, only the refusal of the probe counts.
    { state: 'StateProbe', match: 0, next: 10, rejected: 8, hint: 8, isNews: false, to: 10 },
    { state: 'StateProbe', match: 0, next: 10, rejected: 10, hint: 9, isNews: false, to: 10 },
    { state: 'StateProbe', match: 0, next: 10, rejected: 9, hint: 9, isNews: true, to: 9 },
    { state: 'StateProbe', match: 0, next: 10, rejected: 9, hint: 2, isNews: true, to: 3 },
    { state: 'StateProbe', match: 0, next: 10, rejected: 9, hint: 0, isNews: true, to: 1 },
    { state: 'StateProbe', match: 4, next: 10, rejected: 9, hint: 2, isNews: true, to: 5 },
    { state: 'StateProbe', match: 0, next: 1, rejected: 0, hint: 0, isNews: true, to: 1 },
  ] as const)(
    'in $state with match $match, a refusal of $rejected with hint $hint moves next to $to',
    ({ state, match, next, rejected, hint, isNews, to }) => {
      const one = progress({ state, match, next, isFlowPaused: true, sentCommit: 9 });
      expect(one.maybeDecreaseTo(rejected, hint)).toBe(isNews);
      expect([one.match, one.next]).toEqual([match, to]);
      expect(one.sentCommit).toBe(isNews ? Math.min(9, to - 1) : 9);
      if (state === 'StateProbe') expect(one.isFlowPaused).toBe(!isNews);
    },
  );

  test('RAFT-1: whatever comes, next stays above match', () => {
    const answer = fc.record({
      kind: fc.constantFrom('ack', 'reject', 'probe', 'replicate', 'snapshot', 'send'),
      index: fc.nat(12),
      hint: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), (answers) => {
        const one = progress({ match: 0, next: 1 }, 100);
        for (const { kind, index, hint } of answers) {
          if (kind === 'ack') one.maybeUpdate(index);
          if (kind === 'reject') one.maybeDecreaseTo(index, hint);
          if (kind === 'probe') one.becomeProbe();
          if (kind === 'replicate') one.becomeReplicate();
          if (kind === 'snapshot' && index >= one.match) one.becomeSnapshot(index);
          if (kind === 'send' && one.state !== 'StateSnapshot') one.sentEntries(hint, hint);
          expect(one.match).toBeLessThan(one.next);
        }
      }),
    );
  });
});
