import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jointCommitted, jointVote } from './joint.js';
import { majorityCommitted, majorityVote, quorumSize } from './majority.js';

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 });
const indexes = fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.integer({ min: 1, max: 6 }));
const votes = fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), fc.boolean());

describe('a majority', () => {
  test('is more than half', () => {
    expect([1, 2, 3, 4, 5].map(quorumSize)).toEqual([1, 2, 2, 3, 3]);
  });

  test('commits the highest index that more than half have, by another way of counting', () => {
    fc.assert(
      fc.property(ids, indexes, (voters, acked) => {
        const of = (id: number): number => acked[id] ?? 0;
        const has = (index: number): boolean =>
          voters.filter((id) => of(id) >= index).length * 2 > voters.length;
        const highest = voters.length === 0 ? Infinity : Math.max(0, ...voters.map(of).filter(has));
        expect(majorityCommitted(voters, (id) => acked[id])).toBe(highest);
      }),
    );
  });

  test('that is empty commits everything and has won', () => {
    expect(majorityCommitted([], () => 3)).toBe(Infinity);
    expect(majorityVote([], () => false)).toBe('VoteWon');
  });

  test('is pending for as long as the missing votes can decide', () => {
    const vote = (votes: readonly (boolean | undefined)[]): string =>
      majorityVote([1, 2, 3], (id) => votes[id - 1]);
    expect(vote([undefined, undefined, undefined])).toBe('VotePending');
    expect(vote([true, false, undefined])).toBe('VotePending');
    expect(vote([true, undefined, true])).toBe('VoteWon');
    expect(vote([false, undefined, false])).toBe('VoteLost');
    expect(majorityVote([1, 2], (id) => id === 1)).toBe('VoteLost');
  });
});

describe('a joint quorum', () => {
  test('commits what both halves commit, whichever comes first', () => {
    fc.assert(
      fc.property(ids, ids, indexes, (incoming, outgoing, acked) => {
        const of = (id: number): number | undefined => acked[id];
        const both = Math.min(majorityCommitted(incoming, of), majorityCommitted(outgoing, of));
        expect(jointCommitted({ incoming, outgoing }, of)).toBe(both);
        expect(jointCommitted({ incoming: outgoing, outgoing: incoming }, of)).toBe(both);
      }),
    );
  });

  test('wins only with both halves and loses with either', () => {
    fc.assert(
      fc.property(ids, ids, votes, (incoming, outgoing, cast) => {
        const of = (id: number): boolean | undefined => cast[id];
        const halves = [majorityVote(incoming, of), majorityVote(outgoing, of)];
        const result = jointVote({ incoming, outgoing }, of);
        expect(result === 'VoteWon').toBe(halves.every((half) => half === 'VoteWon'));
        expect(result === 'VoteLost').toBe(halves.includes('VoteLost'));
      }),
    );
  });
});
