import { describe, expect, test } from '@jest/globals';
import type { Message } from '../message/message.js';
import { createRandom } from '../simulation/random.js';
import { Network } from './network.js';
import { logOf, ofType, oneOf, Peer, takeAll } from './peer.js';

const inRole = (role: string): Peer => {
  const peer = new Peer({ hardState: { term: 1 } });
  if (role === 'follower') peer.hear({ type: 'MsgHeartbeat', from: 2 });
  if (role === 'candidate') peer.raw.campaign();
  if (role === 'leader') peer.lead();
  takeAll(peer);
  return peer;
};

describe('section 5.1, terms', () => {
  test.each(['follower', 'candidate', 'leader'])('a %s takes over a larger term and follows', (role) => {
    const peer = inRole(role);
    peer.hear({ type: 'MsgApp', term: 9, from: 2 });
    expect(peer.state).toEqual(['StateFollower', 9, 2]);
  });

  test('nodes start as followers', () => {
    expect(new Peer().state).toEqual(['StateFollower', 0, 0]);
  });
});

describe('section 5.2, elections', () => {
  test.each(['follower', 'candidate'])('a %s that hears nothing starts an election', (role) => {
    const peer = inRole(role);
    const { term } = peer.raft;
    peer.tick(10);
    expect([peer.state, peer.raft.vote]).toEqual([['StateCandidate', term + 1, 0], 1]);
    const requests = ofType(takeAll(peer), 'MsgVote');
    expect(requests.map((one) => [one.to, one.term])).toEqual([
      [2, term + 1],
      [3, term + 1],
    ]);
  });

  test.each([
    { size: 1, votes: [], role: 'StateLeader' },
    { size: 3, votes: [true, true], role: 'StateLeader' },
    { size: 3, votes: [true], role: 'StateLeader' },
    { size: 5, votes: [true, true], role: 'StateLeader' },
    { size: 5, votes: [true, true, true, true], role: 'StateLeader' },
    { size: 3, votes: [false, false], role: 'StateFollower' },
    { size: 5, votes: [false, false, false, false], role: 'StateFollower' },
    { size: 5, votes: [true, false, false, false], role: 'StateFollower' },
    { size: 3, votes: [], role: 'StateCandidate' },
    { size: 5, votes: [true], role: 'StateCandidate' },
    { size: 5, votes: [false, false], role: 'StateCandidate' },
  ])('of $size with votes $votes: $role', ({ size, votes, role }) => {
    const peer = new Peer({ voters: Array.from({ length: size }, (_, at) => at + 1) });
    peer.raw.campaign();
    peer.flush();
    votes.forEach((isGranted, at) =>
      peer.hear({ type: 'MsgVoteResp', from: at + 2, reject: !isGranted, term: 1 }),
    );
    expect([peer.role, peer.raft.term]).toEqual([role, 1]);
  });

  test.each([
    { vote: 0, from: 2, isGranted: true },
    { vote: 0, from: 3, isGranted: true },
    { vote: 2, from: 2, isGranted: true },
    { vote: 3, from: 3, isGranted: true },
    { vote: 2, from: 3, isGranted: false },
    { vote: 3, from: 2, isGranted: false },
  ])('a follower that voted for $vote votes for $from: $isGranted', ({ vote, from, isGranted }) => {
    const peer = new Peer({ hardState: { term: 1, vote } });
    peer.hear({ type: 'MsgVote', from, index: 0, logTerm: 0 });
    expect(oneOf(takeAll(peer), 'MsgVoteResp').reject).toBe(!isGranted);
  });

  test('nodes of one group mostly time out apart from each other', () => {
    let conflicts = 0;
    for (let round = 0; round < 200; round++) {
      const timeouts = [1, 2, 3, 4, 5].map((id) => {
        const random = createRandom(round * 5 + id).below;
        return new Peer({ id, voters: [1, 2, 3, 4, 5], random }).raft.randomizedElectionTimeout;
      });
      const first = Math.min(...timeouts);
      if (timeouts.filter((timeout) => timeout === first).length > 1) conflicts++;
    }
    expect(conflicts / 200).toBeLessThan(0.3);
  });
});

describe('section 5.3, replication', () => {
  test('a leader appends and sends what is proposed', () => {
    const peer = new Peer().lead();
    takeAll(peer);
    peer.propose('x');
    const appends = ofType(takeAll(peer), 'MsgApp');
    expect(
      appends.map(({ to, index, logTerm, commit, entries }) => [to, index, logTerm, commit, entries.length]),
    ).toEqual([
      [2, 1, 1, 1, 1],
      [3, 1, 1, 1, 1],
    ]);
  });

  test('and applies and tells of it once it is safe', () => {
    const peer = new Peer().lead();
    peer.propose('x');
    peer.flush();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    const sent = peer.flush();
    expect([peer.datas, ofType(sent, 'MsgApp').every(({ commit }) => commit === 2)]).toEqual([['x'], true]);
  });

  test.each([
    { size: 1, from: [], isCommitted: true },
    { size: 3, from: [], isCommitted: false },
    { size: 3, from: [2], isCommitted: true },
    { size: 3, from: [2, 3], isCommitted: true },
    { size: 5, from: [], isCommitted: false },
    { size: 5, from: [2], isCommitted: false },
    { size: 5, from: [2, 3], isCommitted: true },
    { size: 5, from: [2, 3, 4, 5], isCommitted: true },
  ])('of $size acknowledged by $from is committed: $isCommitted', ({ size, from, isCommitted }) => {
    const peer = new Peer({ voters: Array.from({ length: size }, (_, at) => at + 1) }).lead();
    peer.propose('x');
    peer.flush();
    for (const id of from) peer.hear({ type: 'MsgAppResp', from: id, index: 2 });
    expect(peer.raft.log.committed).toBe(isCommitted ? 2 : 1);
  });

  test.each([[[]], [[2]], [[1, 2]], [[1]]])(
    'entries before it, of terms %j, are committed with it',
    (terms) => {
      const peer = new Peer({ terms, hardState: { term: 2 } }).lead();
      peer.propose('x');
      peer.flush();
      peer.everybodyAcknowledges();
      expect(peer.applied.map(({ term }) => term)).toEqual([...terms, 3, 3]);
    },
  );

  test.each([
    { given: [1], commit: 1, applied: 1 },
    { given: [1, 1], commit: 2, applied: 2 },
    { given: [1, 1], commit: 1, applied: 1 },
  ])('a follower applies $given up to $commit', ({ given, commit, applied }) => {
    const peer = new Peer();
    peer.hear({ type: 'MsgApp', term: 1, entries: logOf(given), commit });
    peer.flush();
    expect(peer.applied.map(({ index }) => index)).toEqual(
      Array.from({ length: applied }, (_, at) => at + 1),
    );
  });

  test.each([
    { index: 0, logTerm: 0, isMatch: true },
    { index: 1, logTerm: 1, isMatch: true },
    { index: 2, logTerm: 2, isMatch: true },
    { index: 1, logTerm: 2, isMatch: false },
    { index: 3, logTerm: 3, isMatch: false },
  ])(
    'a follower with terms 1, 2 takes what attaches at $logTerm/$index: $isMatch',
    ({ index, logTerm, isMatch }) => {
      const peer = new Peer({ terms: [1, 2], hardState: { term: 2 } });
      peer.hear({ type: 'MsgApp', index, logTerm });
      expect(oneOf(takeAll(peer), 'MsgAppResp').reject).toBe(!isMatch);
    },
  );

  test.each([
    { index: 2, logTerm: 2, given: [3], terms: [1, 2, 3], fresh: [3] },
    { index: 1, logTerm: 1, given: [3, 4], terms: [1, 3, 4], fresh: [3, 4] },
    { index: 0, logTerm: 0, given: [1], terms: [1, 2], fresh: [] },
    { index: 0, logTerm: 0, given: [3], terms: [3], fresh: [3] },
  ])(
    'a follower given $given after $logTerm/$index has $terms',
    ({ index, logTerm, given, terms, fresh }) => {
      const peer = new Peer({ terms: [1, 2], hardState: { term: 4 } });
      peer.hear({ type: 'MsgApp', index, logTerm, entries: logOf(given, index + 1) });
      expect([peer.terms, peer.raft.log.unstable.entries.map(({ term }) => term)]).toEqual([terms, fresh]);
    },
  );

  test.each([
    [[1, 1, 1, 4, 4, 5, 5, 6, 6]],
    [[1, 1, 1, 4]],
    [[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    [[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    [[1, 1, 1, 4, 4, 4, 4]],
    [[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])('a leader brings a follower with %j to its own log', (terms) => {
    const leading = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    const leader = new Peer({ id: 1, terms: leading, hardState: { term: 8 } });
    const follower = new Peer({ id: 2, terms, hardState: { term: 7 } });
    const network = new Network([leader, follower]);
    leader.raw.campaign();
    leader.flush();
    leader.hear({ type: 'MsgVoteResp', from: 3 });
    network.settle();
    network.propose(1, 'x');
    expect(follower.terms).toEqual([...leading, 9, 9]);
  });
});

describe('section 5.4, safety', () => {
  test.each([[[1]], [[1, 2]], [[]]])('a request for votes tells the end of the log %j', (terms) => {
    const peer = new Peer({ terms, hardState: { term: 2 } });
    peer.raw.campaign();
    const request = oneOf(takeAll(peer), 'MsgVote') as Message;
    expect([request.term, request.index, request.logTerm]).toEqual([3, terms.length, terms.at(-1) ?? 0]);
  });

  test.each([
    { terms: [1], logTerm: 1, index: 1, isGranted: true },
    { terms: [1], logTerm: 1, index: 2, isGranted: true },
    { terms: [1, 1], logTerm: 1, index: 1, isGranted: false },
    { terms: [1], logTerm: 2, index: 1, isGranted: true },
    { terms: [1, 1], logTerm: 2, index: 1, isGranted: true },
    { terms: [2], logTerm: 1, index: 1, isGranted: false },
    { terms: [2], logTerm: 1, index: 2, isGranted: false },
    { terms: [1, 2], logTerm: 1, index: 1, isGranted: false },
  ])(
    'a voter with $terms votes for a log ending $logTerm/$index: $isGranted',
    ({ terms, logTerm, index, isGranted }) => {
      const peer = new Peer({ terms, hardState: { term: 2 } });
      peer.hear({ type: 'MsgVote', term: 3, logTerm, index });
      expect(oneOf(takeAll(peer), 'MsgVoteResp').reject).toBe(!isGranted);
    },
  );

  test.each([
    { index: 1, committed: 0 },
    { index: 2, committed: 0 },
    { index: 3, committed: 3 },
  ])('a leader of term 3 commits through $index by counting: $committed', ({ index, committed }) => {
    const peer = new Peer({ voters: [1, 2], terms: [1, 2], hardState: { term: 2 } }).lead({
      isCommitting: false,
    });
    peer.hear({ type: 'MsgAppResp', from: 2, index });
    expect(peer.raft.log.committed).toBe(committed);
  });
});
