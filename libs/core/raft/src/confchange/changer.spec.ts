import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { describeMembership } from '../debug/describe-state.js';
import type { ConfChangeKind, ConfChangeStep } from '../message/conf-change.js';
import { equivalentConfStates } from '../message/state.js';
import { confStateOf, EMPTY_MEMBERSHIP, idSet } from '../tracker/membership.js';
import { Progress } from '../tracker/progress.js';
import { Tracker } from '../tracker/tracker.js';
import { Changer, type ChangeOutcome } from './changer.js';
import { checkMembership } from './membership-check.js';
import { restoreMembership } from './restore.js';

const LIMITS = { maxInflightMsgs: 10, maxInflightBytes: Infinity };

const steps = (...tokens: readonly string[]): ConfChangeStep[] => {
  const kinds: Record<string, ConfChangeKind> = {
    v: 'add-voter',
    l: 'add-learner',
    r: 'remove',
    u: 'update',
  };
  return tokens.map((token) => ({ kind: kinds[token[0]!]!, id: Number(token.slice(1)) }));
};

class Bench {
  readonly tracker = new Tracker(LIMITS);

  do(change: (changer: Changer) => ChangeOutcome, lastIndex = 20): string {
    const outcome = change(new Changer(this.tracker, lastIndex));
    if ('refused' in outcome) return outcome.refused;
    this.tracker.install(outcome.membership, outcome.progress);
    return describeMembership(outcome.membership);
  }

  voters(...ids: readonly number[]): this {
    for (const id of ids) this.do((changer) => changer.simple(steps(`v${id}`)));
    return this;
  }
}

const step = fc.record({
  kind: fc.constantFrom<ConfChangeKind>('add-voter', 'add-learner', 'remove', 'update'),
  id: fc.integer({ min: 1, max: 6 }),
});

describe('a simple change', () => {
  test('may change any number of learners and one voter', () => {
    const bench = new Bench().voters(1);
    expect(bench.do((changer) => changer.simple(steps('l2', 'l3', 'v4')))).toBe(
      'voters=(1 4) learners=(2 3)',
    );
    expect(bench.do((changer) => changer.simple(steps('v2', 'v3')))).toBe(
      'more than one voter changed without entering joint config',
    );
    expect(bench.do((changer) => changer.simple(steps('v2', 'r1')))).toContain('more than one voter');
    expect(describeMembership(bench.tracker.membership)).toBe('voters=(1 4) learners=(2 3)');
  });

  test('cannot remove the last voter, nor demote it', () => {
    const bench = new Bench().voters(1);
    expect(bench.do((changer) => changer.simple(steps('r1')))).toBe('removed all voters');
    expect(bench.do((changer) => changer.simple(steps('l1')))).toBe('removed all voters');
  });

  test('is refused during a joint one', () => {
    const bench = new Bench().voters(1);
    bench.do((changer) => changer.enterJoint(steps('v2'), { autoLeave: false }));
    expect(bench.do((changer) => changer.simple(steps('v3')))).toBe(
      "can't apply simple config change in joint config",
    );
  });

  test('takes no notice of nobody, of updates, and of repeats', () => {
    const bench = new Bench().voters(1, 2);
    const before = bench.tracker.of(2)!;
    expect(bench.do((changer) => changer.simple(steps('v0', 'u2', 'v2', 'r7')))).toBe('voters=(1 2)');
    expect(bench.tracker.of(2)).toEqual(before);
  });
});

describe('a joint change', () => {
  test('keeps both halves until it is left, and stages demotions', () => {
    const bench = new Bench().voters(1, 2, 3);
    const enter = bench.do((changer) =>
      changer.enterJoint(steps('r1', 'l2', 'v4', 'l5'), { autoLeave: true }),
    );
    expect(enter).toBe('voters=(3 4)&&(1 2 3) learners=(5) learners_next=(2) autoleave');
    expect(bench.tracker.ids).toEqual([1, 2, 3, 4, 5]);
    expect(bench.tracker.of(2)!.isLearner).toBe(false);
    expect(bench.do((changer) => changer.leaveJoint())).toBe('voters=(3 4) learners=(2 5)');
    expect(bench.tracker.ids).toEqual([2, 3, 4, 5]);
    expect(bench.tracker.of(2)!.isLearner).toBe(true);
  });

  test('cannot be entered twice, without voters, or into nothing', () => {
    const bench = new Bench();
    const enter = (...tokens: string[]): string =>
      bench.do((changer) => changer.enterJoint(steps(...tokens), { autoLeave: false }));
    expect(enter('v1')).toBe("can't make a zero-voter config joint");
    bench.voters(1);
    expect(enter('r1')).toBe('removed all voters');
    expect(bench.do((changer) => changer.leaveJoint())).toBe("can't leave a non-joint config");
    expect(enter('v2')).toBe('voters=(1 2)&&(1)');
    expect(enter('v3')).toBe('config is already joint');
  });

  test('can take a staged demotion back', () => {
    const bench = new Bench().voters(1, 2);
    expect(bench.do((changer) => changer.enterJoint(steps('l2', 'v2'), { autoLeave: false }))).toBe(
      'voters=(1 2)&&(1 2)',
    );
  });
});

describe('what is known about members', () => {
  test('a new one is probed at the end of the log and counts as active at first', () => {
    const bench = new Bench();
    bench.do((changer) => changer.simple(steps('v1')), 0);
    bench.do((changer) => changer.simple(steps('v2')), 7);
    expect([1, 2].map((id) => bench.tracker.of(id)!.next)).toEqual([1, 7]);
    expect(bench.tracker.of(2)).toMatchObject({ match: 0, recentActive: true, state: 'StateProbe' });
  });

  test('a member that stays or is demoted keeps what is known, and the present state is not touched', () => {
    const bench = new Bench().voters(1, 2);
    const before = bench.tracker.of(2)!;
    before.match = 9;
    before.next = 12;
    before.becomeReplicate();
    bench.do((changer) => changer.simple(steps('l2')));
    expect(bench.tracker.of(2)).toMatchObject({
      match: 9,
      next: 10,
      state: 'StateReplicate',
      isLearner: true,
    });
    expect(before.isLearner).toBe(false);
    bench.do((changer) => changer.simple(steps('v2')));
    expect(bench.tracker.of(2)).toMatchObject({ match: 9, isLearner: false });
  });
});

describe('memberships', () => {
  test('changed one by one or in one joint step end up the same', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
        fc.array(step),
        (first, list) => {
          const [apart, together] = [new Bench().voters(...first), new Bench().voters(...first)];
          const isPossible = list.every(
            (one) => !apart.do((changer) => changer.simple([one])).includes('removed'),
          );
          fc.pre(isPossible);
          together.do((changer) => changer.enterJoint(list, { autoLeave: false }));
          together.do((changer) => changer.leaveJoint());
          expect(together.tracker.membership).toEqual(apart.tracker.membership);
          expect(together.tracker.ids).toEqual(apart.tracker.ids);
        },
      ),
    );
  });

  test('are restored from their record, joint or not', () => {
    const recorded = fc.record({
      outgoing: fc.uniqueArray(fc.integer({ min: 1, max: 6 })),
      list: fc.array(step),
      autoLeave: fc.boolean(),
    });
    fc.assert(
      fc.property(recorded, ({ outgoing, list, autoLeave }) => {
        const bench = new Bench().voters(...outgoing);
        bench.do((changer) => changer.enterJoint(list, { autoLeave }));
        const state = confStateOf(bench.tracker.membership);
        const restored = restoreMembership(new Tracker(LIMITS), 20, state);
        expect(equivalentConfStates(confStateOf(restored.membership), state)).toBe(true);
        expect([...restored.progress.keys()]).toEqual(bench.tracker.ids);
      }),
    );
  });

  test('that nothing could lead to are not restored', () => {
    const state = {
      ...confStateOf(new Tracker(LIMITS).membership),
      voters: [1],
      learners: [2],
      learnersNext: [2],
    };
    const conflicting = { ...state, votersOutgoing: [], voters: [], learners: [1], learnersNext: [] };
    expect(() => restoreMembership(new Tracker(LIMITS), 1, conflicting)).toThrow('RAFT-6');
  });

  test.each([
    { what: 'a member without progress', fields: { incoming: [1, 2] }, id: 'RAFT-3' },
    { what: 'a voter that learns too', fields: { incoming: [1], learners: [1] }, id: 'RAFT-4' },
    {
      what: 'a staged learner that never voted',
      fields: { incoming: [1], outgoing: [9], learnersNext: [1] },
      id: 'RAFT',
    },
    {
      what: 'staged learners outside a joint change',
      fields: { incoming: [1], learnersNext: [1] },
      id: 'RAFT-4',
    },
    {
      what: 'automatic leave outside a joint change',
      fields: { incoming: [1], autoLeave: true },
      id: 'RAFT-5',
    },
  ])('with $what are refused as bugs', ({ fields, id }) => {
    const tracker = new Tracker(LIMITS);
    const membership = { ...EMPTY_MEMBERSHIP, ...fields };
    const inflights = tracker.newInflights();
    const progress = new Progress({ match: 0, next: 1, inflights, isLearner: false, recentActive: true });
    expect(() => checkMembership(membership, new Map([[1, progress]]))).toThrow(id);
  });

  test('list ids in ascending order whatever order they came in', () => {
    const bench = new Bench().voters(3, 1, 2);
    expect(bench.tracker.ids).toEqual([1, 2, 3]);
    expect(idSet([10, 9, 2, 10])).toEqual([2, 9, 10]);
  });
});
