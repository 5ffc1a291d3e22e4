import { describe, expect, test } from '@jest/globals';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from '../node/roles.js';
import { oneOf, Peer, takeAll } from './peer.js';

describe('a request for a vote', () => {
  const ROLES = [
    ['StateFollower', (peer: Peer) => becomeFollower(peer.raft, 1, 3)],
    ['StateCandidate', (peer: Peer) => becomeCandidate(peer.raft)],
    ['StatePreCandidate', (peer: Peer) => becomePreCandidate(peer.raft)],
    [
      'StateLeader',
      (peer: Peer) => {
        becomeCandidate(peer.raft);
        becomeLeader(peer.raft);
      },
    ],
  ] as const;

  test.each(ROLES)('of a higher term is granted from %s', (role, become) => {
    const peer = new Peer({ hardState: { term: 1 } });
    become(peer);
    takeAll(peer);
    const term = peer.raft.term + 1;
    peer.hear({ type: 'MsgVote', from: 2, term, logTerm: term, index: 42 });
    expect(peer.state).toEqual(['StateFollower', term, 0]);
    expect(peer.raft.vote).toBe(2);
    expect(oneOf(takeAll(peer), 'MsgVoteResp')).toMatchObject({ to: 2, term, reject: false });
  });

  test.each(ROLES)('in advance of a higher term is granted from %s and changes nothing', (role, become) => {
    const peer = new Peer({ hardState: { term: 1 } });
    become(peer);
    takeAll(peer);
    const before = [peer.state, peer.raft.vote, peer.raft.electionElapsed];
    const term = peer.raft.term + 1;
    peer.hear({ type: 'MsgPreVote', from: 2, term, logTerm: term, index: 42 });
    expect([peer.state, peer.raft.vote, peer.raft.electionElapsed]).toEqual(before);
    expect(oneOf(takeAll(peer), 'MsgPreVoteResp')).toMatchObject({ to: 2, term, reject: false });
  });

  test.each([
    // The voter's log ends at index 2 of term 2.
    { index: 0, logTerm: 0, vote: 0, granted: false },
    { index: 0, logTerm: 1, vote: 0, granted: false },
    { index: 0, logTerm: 2, vote: 0, granted: false },
    { index: 0, logTerm: 3, vote: 0, granted: true },
    { index: 1, logTerm: 1, vote: 0, granted: false },
    { index: 1, logTerm: 2, vote: 0, granted: false },
    { index: 1, logTerm: 3, vote: 0, granted: true },
    { index: 2, logTerm: 1, vote: 0, granted: false },
    { index: 2, logTerm: 2, vote: 0, granted: true },
    { index: 2, logTerm: 3, vote: 0, granted: true },
    { index: 3, logTerm: 1, vote: 0, granted: false },
    { index: 3, logTerm: 2, vote: 0, granted: true },
    { index: 3, logTerm: 3, vote: 0, granted: true },
    { index: 3, logTerm: 2, vote: 2, granted: true },
    { index: 3, logTerm: 2, vote: 3, granted: false },
  ])('for a log ending $logTerm/$index with vote $vote given is granted: $granted', (row) => {
    const peer = new Peer({ terms: [2, 2], hardState: { term: 5, vote: row.vote } });
    peer.hear({ type: 'MsgVote', from: 2, index: row.index, logTerm: row.logTerm });
    expect(oneOf(takeAll(peer), 'MsgVoteResp')).toMatchObject({ term: 5, reject: !row.granted });
    expect(peer.raft.vote).toBe(row.granted ? 2 : row.vote);
  });

  test('is refused in a term whose leader is known, even without a vote given', () => {
    const peer = new Peer({ hardState: { term: 5 } });
    peer.hear({ type: 'MsgHeartbeat', from: 3 });
    takeAll(peer);
    peer.hear({ type: 'MsgVote', from: 2, index: 9, logTerm: 9 });
    expect(oneOf(takeAll(peer), 'MsgVoteResp').reject).toBe(true);
    expect(peer.raft.vote).toBe(0);
  });

  test('goes on record before it is answered', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgVote', from: 2, term: 3, index: 0, logTerm: 0 });
    const ready = peer.raw.ready();
    expect([ready.mustSync, ready.hardState, ready.messages.map(({ type }) => type)]).toEqual([
      true,
      { term: 3, vote: 2, commit: 0 },
      ['MsgVoteResp'],
    ]);
    expect(peer.raft.messages).toEqual([]);
  });

  test('that is refused waits for the record too', () => {
    const peer = new Peer({ terms: [1] });
    peer.hear({ type: 'MsgVote', from: 2, term: 3, index: 0, logTerm: 0 });
    expect([peer.raft.messages, peer.raft.messagesAfterAppend.map(({ reject }) => reject)]).toEqual([
      [],
      [true],
    ]);
  });

  test('that is granted restarts the wait for a leader; others do not', () => {
    const peer = new Peer();
    peer.tick(4);
    peer.hear({ type: 'MsgPreVote', from: 2, term: 1 });
    expect(peer.raft.electionElapsed).toBe(4);
    peer.hear({ type: 'MsgVote', from: 2, term: 1 });
    expect(peer.raft.electionElapsed).toBe(0);
    peer.tick(4);
    peer.hear({ type: 'MsgVote', from: 3, term: 1 });
    expect(peer.raft.electionElapsed).toBe(4);
    peer.hear({ type: 'MsgVote', from: 2, term: 1 });
    expect(peer.raft.electionElapsed).toBe(0);
  });

  test('is answered by learners too', () => {
    const peer = new Peer({ voters: [2, 3], learners: [1] });
    peer.hear({ type: 'MsgVote', from: 2, term: 4, index: 9, logTerm: 3 });
    expect(oneOf(takeAll(peer), 'MsgVoteResp')).toMatchObject({ term: 4, reject: false });
  });
});
