import { describe, expect, test } from '@jest/globals';
import { EMPTY_CONF_STATE } from '../message/state.js';
import { createMessage } from '../message/message.js';
import { entry, membersOf, Peer } from '../properties/peer.js';
import { createPlan } from './events.js';
import { createRandom } from './random.js';
import { runPlan } from './run.js';
import { quorumsMeet, Safety } from './safety.js';
import { describeReproduction, shrink } from './shrink.js';
import type { LogImage } from './sim-disk.js';
import { Violation } from './violation.js';

const SEEDS = Number(process.env.CAISSON_RAFT_SEEDS ?? 200);
const FIRST = Number(process.env.CAISSON_RAFT_FIRST_SEED ?? 1);

describe('random clusters', () => {
  test(`of ${SEEDS} seeds from ${FIRST} hold every rule`, () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const plan = createPlan(seed);
      const failure = runPlan(plan);
      if (failure !== undefined)
        throw new Violation(failure.rule, describeReproduction(shrink({ plan, failure })));
    }
  });

  test('run the same way every time', () => {
    const story = (seed: number): string => {
      const words: string[] = [];
      runPlan(createPlan(seed), (word) => words.push(word));
      return words.join('\n');
    };
    expect(story(7)).toBe(story(7));
    expect(story(7)).not.toBe(story(8));
  });
});

describe('randomness from a seed', () => {
  test('stays in its bounds and reaches all of them', () => {
    const random = createRandom(5);
    const seen = new Set(Array.from({ length: 500 }, () => random.below(7)));
    expect([...seen].sort((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(createRandom(1).below(2 ** 30)).not.toBe(createRandom(2).below(2 ** 30));
  });
});

const image = (term: number, vote: number, commit: number, terms: readonly number[] = []): LogImage => ({
  hardState: { term, vote, commit },
  snapshot: { index: 0, term: 0, confState: EMPTY_CONF_STATE, data: new Uint8Array() },
  base: { index: 0, term: 0 },
  entries: terms.map((one, at) => entry(one, at + 1)),
});

describe('the watch', () => {
  test('R1: sees two leaders in one term', () => {
    const safety = new Safety();
    safety.observe(new Peer({ id: 1 }).lead().raft);
    expect(() => safety.observe(new Peer({ id: 2 }).lead().raft)).toThrow('R1');
  });

  test('R2: sees two entries in one place, by their data and by what they follow', () => {
    const safety = new Safety();
    safety.observeWrite(image(1, 0, 0), image(1, 0, 0, [1]), [entry(1, 1, 'a')]);
    expect(() => safety.observeWrite(image(1, 0, 0), image(1, 0, 0, [1]), [entry(1, 1, 'b')])).toThrow('R2');
    safety.observeWrite(image(1, 0, 0), image(1, 0, 0, [1, 2]), [entry(2, 2)]);
    expect(() => safety.observeWrite(image(1, 0, 0), image(1, 0, 0, [2, 2]), [entry(2, 2)])).toThrow('R2');
  });

  test('R3: sees two payloads applied at one index, and leaders without what was committed', () => {
    const safety = new Safety();
    safety.observeApply(1, entry(1, 1, 'a'));
    expect(() => safety.observeApply(2, entry(1, 1, 'b'))).toThrow('R3');
    const other = new Safety();
    other.observe(new Peer({ terms: [1, 1], hardState: { term: 1, commit: 2 } }).raft);
    expect(() =>
      other.observe(new Peer({ terms: [1], hardState: { term: 1 } }).lead({ isCommitting: false }).raft),
    ).toThrow('R3');
  });

  test('R8: sees disks go back, and promises without a record', () => {
    const write = (before: LogImage, after: LogImage): void => new Safety().observeWrite(before, after, []);
    expect(() => write(image(2, 0, 0), image(1, 0, 0))).toThrow('R8');
    expect(() => write(image(2, 1, 0), image(2, 3, 0))).toThrow('R8');
    expect(() => write(image(2, 1, 5), image(3, 0, 4))).toThrow('R8');
    const promise = (type: 'MsgVoteResp' | 'MsgAppResp', log: LogImage): void =>
      new Safety().observeSend(createMessage({ type, from: 1, to: 2, term: 2, index: 1 }), log);
    expect(() => promise('MsgVoteResp', image(2, 3, 0))).toThrow('R8');
    expect(() => promise('MsgVoteResp', image(2, 2, 0))).not.toThrow();
    expect(() => promise('MsgAppResp', image(2, 0, 0))).toThrow('R8');
    expect(() => promise('MsgAppResp', image(2, 0, 0, [1]))).not.toThrow();
  });

  test('R11: sees memberships that split, and two after one index', () => {
    expect(quorumsMeet(membersOf([1, 2, 3]), membersOf([1, 2, 3, 4]))).toBe(true);
    expect(quorumsMeet(membersOf([1, 2, 3]), membersOf([3, 4, 5]))).toBe(false);
    const joint = { ...membersOf([3, 4, 5]), votersOutgoing: [1, 2, 3] };
    expect([quorumsMeet(membersOf([1, 2, 3]), joint), quorumsMeet(joint, membersOf([3, 4, 5]))]).toEqual([
      true,
      true,
    ]);
    const safety = new Safety();
    safety.observeMembership(5, membersOf([1]), membersOf([1, 2]));
    expect(() => safety.observeMembership(5, membersOf([1]), membersOf([1, 3]))).toThrow('R11');
    expect(() => safety.observeMembership(6, membersOf([1, 2]), membersOf([3, 4]))).toThrow('R11');
  });

  test('READ: sees reads that miss what was committed', () => {
    expect(() => new Safety().observeRead(5, 4)).toThrow('READ');
  });
});

describe('the shortest story', () => {
  test('breaks the same rule, is no longer, and tells itself', () => {
    const plan = createPlan(3, 200);
    const poisoned = {
      ...plan,
      options: { ...plan.options, onAppend: (one: ReturnType<typeof entry>) => ({ ...one, index: 0 }) },
    };
    const failure = runPlan(poisoned)!;
    expect(failure.rule).toContain('RAFT-17');
    const short = shrink({ plan: poisoned, failure });
    expect(short.failure.rule).toBe(failure.rule);
    expect(short.plan.events.length).toBeLessThan(failure.happened / 2);
    expect(describeReproduction(short)).toContain('RAFT-17');
  });
});
