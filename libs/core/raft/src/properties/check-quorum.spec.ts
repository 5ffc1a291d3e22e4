import { describe, expect, test } from '@jest/globals';
import { createConfChange } from '../message/conf-change.js';
import { Network } from './network.js';
import { oneOf, Peer, takeAll } from './peer.js';

describe('check-quorum', () => {
  test('a leader that hears from a quorum stays, time after time', () => {
    const peer = new Peer({ checkQuorum: true }).lead();
    for (let round = 0; round < 5; round++) {
      peer.hear({ type: 'MsgHeartbeatResp', from: 2 });
      peer.tick(10);
      expect(peer.role).toBe('StateLeader');
    }
  });

  test('a leader that hears from no quorum for a whole election timeout steps down', () => {
    const peer = new Peer({ checkQuorum: true }).lead();
    peer.tick(10);
    expect(peer.role).toBe('StateLeader');
    peer.tick(10);
    expect([peer.state, peer.said.at(-2)]).toEqual([
      ['StateFollower', 1, 0],
      'warn 1 stepped down to follower since quorum is not active',
    ]);
  });

  test('a leader that does not check stays', () => {
    const peer = new Peer().lead();
    peer.tick(50);
    expect(peer.role).toBe('StateLeader');
  });

  test('the leader is always active to itself', () => {
    const peer = new Peer({ checkQuorum: true, voters: [1] }).lead();
    peer.tick(30);
    expect([peer.role, peer.progress(1).recentActive]).toEqual(['StateLeader', true]);
  });

  test('every kind of answer shows that a member is active', () => {
    const answers = [
      { type: 'MsgHeartbeatResp' },
      { type: 'MsgAppResp', index: 1 },
      { type: 'MsgAppResp', index: 0, reject: true },
    ] as const;
    for (const answer of answers) {
      const peer = new Peer({ checkQuorum: true }).lead();
      peer.tick(10);
      expect(peer.progress(2).recentActive).toBe(false);
      peer.hear({ ...answer, from: 2 });
      expect(peer.progress(2).recentActive).toBe(true);
      peer.tick(10);
      expect(peer.role).toBe('StateLeader');
    }
  });

  test('learners are no part of a quorum', () => {
    const peer = new Peer({ checkQuorum: true, voters: [1, 2], learners: [3] }).lead();
    peer.tick(10);
    peer.hear({ type: 'MsgHeartbeatResp', from: 3 });
    peer.tick(10);
    expect(peer.role).toBe('StateFollower');
  });

  test('a new member does not cause a step down before it could answer', () => {
    const peer = new Peer({ checkQuorum: true, voters: [1] }).lead();
    peer.tick(9);
    peer.raw.proposeConfChange(createConfChange({ changes: [{ kind: 'add-voter', id: 2 }] }));
    peer.flush();
    expect(peer.progress(2).recentActive).toBe(true);
    peer.tick(1);
    expect(peer.role).toBe('StateLeader');
    peer.tick(10);
    expect(peer.role).toBe('StateFollower');
  });

  test('nobody is active just because it was in an earlier leadership', () => {
    const peer = new Peer({ checkQuorum: true }).lead();
    expect(peer.progress(2).recentActive).toBe(true);
    peer.hear({ type: 'MsgHeartbeat', from: 3, term: 5 });
    peer.raw.campaign();
    peer.flush();
    peer.hear({ type: 'MsgVoteResp', from: 2 });
    expect([peer.role, peer.progress(2).recentActive]).toEqual(['StateLeader', false]);
  });
});

describe('the lease that check-quorum gives a leader', () => {
  const leased = (): Peer => {
    const peer = new Peer({ checkQuorum: true });
    peer.hear({ type: 'MsgHeartbeat', from: 3, term: 1 });
    takeAll(peer);
    return peer;
  };

  test('lets followers ignore requests for votes, also in advance, until an election timeout has passed', () => {
    const peer = leased();
    peer.tick(9);
    for (const type of ['MsgVote', 'MsgPreVote'] as const) {
      peer.hear({ type, from: 2, term: 2, index: 5, logTerm: 1 });
      expect([takeAll(peer), peer.raft.term]).toEqual([[], 1]);
      expect(peer.said.at(-1)).toContain('lease is not expired (remaining ticks: 1)');
    }
    peer.raft.randomizedElectionTimeout = 15;
    peer.tick(1);
    peer.hear({ type: 'MsgVote', from: 2, term: 2, index: 5, logTerm: 1 });
    expect(oneOf(takeAll(peer), 'MsgVoteResp').reject).toBe(false);
  });

  test('ends when the leader is forgotten', () => {
    const peer = leased();
    peer.raw.forgetLeader();
    peer.hear({ type: 'MsgPreVote', from: 2, term: 2, index: 5, logTerm: 1 });
    expect(oneOf(takeAll(peer), 'MsgPreVoteResp').reject).toBe(false);
  });

  test('does not exist without check-quorum', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgHeartbeat', from: 3, term: 1 });
    takeAll(peer);
    peer.hear({ type: 'MsgVote', from: 2, term: 2, index: 5, logTerm: 1 });
    expect(oneOf(takeAll(peer), 'MsgVoteResp').reject).toBe(false);
  });

  test('a leader with a quorum cannot be deposed by a candidate that lost touch, and the candidate gets home', () => {
    const network = Network.of(3, { checkQuorum: true });
    network.campaign(1);
    network.campaign(3);
    network.campaign(3);
    expect([network.peer(1).role, network.peer(3).role]).toEqual(['StateLeader', 'StateCandidate']);
    // Its term, told in answer to a heartbeat, lets the next election include it.
    network.tick(1, 1);
    expect(network.peer(1).role).toBe('StateFollower');
    network.peer(2).tick(10);
    network.campaign(1);
    expect(network.termsNow.every((term) => term === network.peer(1).raft.term)).toBe(true);
    expect(network.leader?.id).toBe(1);
  });

  test('with pre-vote nobody is disturbed by a node that lost touch', () => {
    const network = Network.of(3, { checkQuorum: true, preVote: true });
    network.campaign(1);
    network.isolate(3);
    network.tick(3, 60);
    network.recover();
    network.campaign(3);
    expect([network.leader?.id, network.termsNow]).toEqual([1, [1, 1, 1]]);
    network.tick(1, 1);
    expect(network.peer(3).state).toEqual(['StateFollower', 1, 1]);
  });

  test('R11: with both, a removed node cannot raise anybody’s term', () => {
    const network = Network.of(3, { checkQuorum: true, preVote: true });
    network.campaign(1);
    network.isolate(3);
    network.peer(1).raw.proposeConfChange(createConfChange({ changes: [{ kind: 'remove', id: 3 }] }));
    network.settle();
    network.recover();
    network.tick(3, 100);
    network.tick(1, 5);
    expect([network.leader?.id, network.peer(1).raft.term, network.peer(2).raft.term]).toEqual([1, 1, 1]);
  });

  test('a superseded leader gives way once the lease is over', () => {
    const network = Network.of(3, { checkQuorum: true });
    network.campaign(1);
    network.campaign(3);
    expect(network.peer(3).role).toBe('StateCandidate');
    network.peer(2).raft.randomizedElectionTimeout = 50;
    network.peer(2).tick(10);
    network.campaign(3);
    expect(network.roles[2]).toBe('Leader');
  });
});
