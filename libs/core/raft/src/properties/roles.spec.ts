import { describe, expect, test } from '@jest/globals';
import type { MessageType } from '../message/message.js';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from '../node/roles.js';
import { Peer } from './peer.js';

describe('roles', () => {
  const at = (role: string): Peer => {
    const peer = new Peer();
    if (role === 'PreCandidate') becomePreCandidate(peer.raft);
    if (role === 'Candidate' || role === 'Leader') becomeCandidate(peer.raft);
    if (role === 'Leader') becomeLeader(peer.raft);
    return peer;
  };
  const CHANGES: Record<string, (peer: Peer) => void> = {
    Follower: (peer) => becomeFollower(peer.raft, peer.raft.term + 1, 0),
    PreCandidate: (peer) => becomePreCandidate(peer.raft),
    Candidate: (peer) => becomeCandidate(peer.raft),
    Leader: (peer) => becomeLeader(peer.raft),
  };
  const FORBIDDEN = ['Leader>PreCandidate', 'Leader>Candidate', 'Follower>Leader'];
  const pairs = Object.keys(CHANGES).flatMap((from) => Object.keys(CHANGES).map((to) => [from, to] as const));

  test.each(pairs)('%s may become %s, unless that is a bug', (from, to) => {
    const peer = at(from);
    const term = peer.raft.term;
    if (FORBIDDEN.includes(`${from}>${to}`)) {
      expect(() => CHANGES[to]!(peer)).toThrow('RAFT-15');
      return;
    }
    CHANGES[to]!(peer);
    const isSameTerm = to === 'PreCandidate' || to === 'Leader';
    expect([peer.role, peer.raft.term, peer.raft.lead]).toEqual([
      `State${to}`,
      isSameTerm ? term : term + 1,
      to === 'Leader' ? 1 : 0,
    ]);
  });

  test.each(['Follower', 'PreCandidate', 'Candidate', 'Leader'])(
    'a higher term turns a %s into a follower',
    (role) => {
      for (const type of ['MsgVote', 'MsgApp', 'MsgAppResp', 'MsgHeartbeat'] as MessageType[]) {
        const peer = at(role);
        peer.hear({ type, term: 7, from: 2, logTerm: 7, index: 0 });
        const lead = type === 'MsgApp' || type === 'MsgHeartbeat' ? 2 : 0;
        expect(peer.state).toEqual(['StateFollower', 7, lead]);
      }
    },
  );

  test('a new term forgets the vote, the same term keeps it', () => {
    const peer = at('Candidate');
    becomeFollower(peer.raft, peer.raft.term, 2);
    expect(peer.raft.vote).toBe(1);
    becomeFollower(peer.raft, peer.raft.term + 1, 2);
    expect(peer.raft.vote).toBe(0);
  });

  test('a pre-candidate believes in no leader and keeps vote and timers', () => {
    const peer = new Peer({ preVote: true, hardState: { term: 3, vote: 2 } });
    peer.hear({ type: 'MsgHeartbeat', from: 2 });
    peer.tick(3);
    peer.raw.campaign();
    expect([peer.state, peer.raft.vote, peer.raft.electionElapsed]).toEqual([
      ['StatePreCandidate', 3, 0],
      2,
      3,
    ]);
  });

  test.each(['MsgHeartbeat', 'MsgApp', 'MsgSnap'] as const)(
    'a candidate follows the sender of %s',
    (type) => {
      const peer = at('Candidate');
      peer.tick(3);
      const snapshot = { index: 1, term: 1, confState: peer.storage.confState, data: new Uint8Array() };
      peer.hear({ type, from: 3, ...(type === 'MsgSnap' ? { snapshot } : {}) });
      expect([peer.state, peer.raft.electionElapsed]).toEqual([['StateFollower', 1, 3], 0]);
    },
  );
});

describe('timeouts', () => {
  test('are spread over one to two election timeouts and drawn anew with every reset', () => {
    let draws = 0;
    const peer = new Peer({ random: () => draws++ % 10 });
    const seen = new Set<number>();
    for (let term = 1; term <= 50; term++) {
      becomeFollower(peer.raft, term, 0);
      seen.add(peer.raft.randomizedElectionTimeout);
    }
    expect([...seen].sort((left, right) => left - right)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('are waited for to the tick', () => {
    const peer = new Peer({ random: () => 3 });
    peer.tick(12);
    expect(peer.role).toBe('StateFollower');
    peer.tick(1);
    expect([peer.role, peer.raft.electionElapsed]).toEqual(['StateCandidate', 0]);
  });

  test('start again after news from a leader and with a new term', () => {
    const peer = new Peer();
    for (const type of ['MsgApp', 'MsgHeartbeat'] as const) {
      peer.tick(9);
      peer.hear({ type, from: 2, term: 1 });
      expect(peer.raft.electionElapsed).toBe(0);
    }
    peer.tick(9);
    peer.hear({ type: 'MsgVote', from: 2, term: 5, logTerm: 0 });
    expect(peer.raft.electionElapsed).toBe(0);
    peer.tick(9);
    becomeFollower(peer.raft, 6, 0);
    expect(peer.raft.electionElapsed).toBe(0);
  });

  test('go on when the leader is forgotten', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 1 });
    peer.tick(9);
    peer.raw.forgetLeader();
    expect([peer.raft.lead, peer.raft.electionElapsed, peer.raft.vote]).toEqual([0, 9, 0]);
    peer.tick(1);
    expect(peer.role).toBe('StateCandidate');
  });

  test('a candidate whose timeout passes tries again in the next term', () => {
    const peer = new Peer();
    peer.tick(10);
    peer.tick(10);
    expect([peer.role, peer.raft.term]).toEqual(['StateCandidate', 2]);
  });
});
