import { describe, expect, test } from '@jest/globals';
import { createConfChange } from '../message/conf-change.js';
import { Network } from './network.js';
import { ofType, oneOf, membersOf, Peer, type PeerFields, takeAll } from './peer.js';

const led = (fields: PeerFields = {}, count = 3): Network => {
  const network = Network.of(count, fields);
  network.campaign(1);
  return network;
};

describe('handing leadership over', () => {
  test('to a member that is up to date happens at once, whoever asks for it', () => {
    for (const at of [1, 2]) {
      const network = led();
      network.peer(at).raw.transferLeader(2);
      network.settle();
      expect([network.leader?.id, network.peer(1).state]).toEqual([2, ['StateFollower', 2, 2]]);
      network.peer(2).raw.transferLeader(1);
      network.settle();
      expect(network.leader?.id).toBe(1);
    }
  });

  test('is not held back by leases, whoever holds them', () => {
    const network = led({ checkQuorum: true });
    network.peer(1).raw.transferLeader(2);
    network.settle();
    expect([network.leader?.id, network.termsNow]).toEqual([2, [2, 2, 2]]);
  });

  test('does not ask in advance', () => {
    const network = led({ preVote: true });
    network.sent.length = 0;
    network.peer(1).raw.transferLeader(3);
    network.settle();
    expect([network.leader?.id, ofType(network.sent, 'MsgPreVote')]).toEqual([3, []]);
  });

  test('to a slow member first brings it up to date', () => {
    const network = led();
    network.isolate(3);
    network.propose(1, 'x');
    network.recover();
    network.peer(1).raw.transferLeader(3);
    expect(network.peer(1).raw.status().transferee).toBe(3);
    network.settle();
    expect(network.leader?.id).toBe(3);
  });

  test('works by way of a snapshot', () => {
    const network = led();
    network.isolate(3);
    network.propose(1, 'x');
    const leader = network.peer(1);
    leader.storage.createSnapshot(leader.raft.log.applied, membersOf([1, 2, 3]), new Uint8Array());
    leader.storage.compact(leader.raft.log.applied);
    network.recover();
    leader.progress(3).recentActive = true;
    leader.raw.transferLeader(3);
    network.settle();
    network.tick(1);
    expect(network.leader?.id).toBe(3);
  });

  test('to itself, to nobody and to learners does nothing', () => {
    const leader = new Peer({ voters: [1, 2], learners: [3] }).lead();
    for (const to of [1, 3, 9]) {
      leader.raw.transferLeader(to);
      expect([leader.raft.transferee, takeAll(leader)]).toEqual([0, []]);
    }
  });

  test('is dropped where no leader is known', () => {
    const peer = new Peer();
    peer.raw.transferLeader(2);
    expect([takeAll(peer), peer.said.at(-1)]).toEqual([
      [],
      'info 1 no leader at term 0; dropping leader transfer msg',
    ]);
  });
});

describe('while leadership is being handed over', () => {
  const handing = (fields: PeerFields = {}): Peer => {
    const peer = new Peer({ voters: [1, 2, 3, 4], ...fields }).lead();
    peer.propose('x');
    peer.flush();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    peer.flush();
    peer.raw.transferLeader(3);
    return peer;
  };

  test('proposals are dropped', () => {
    const peer = handing();
    expect([peer.propose('y'), peer.raft.log.lastIndex()]).toEqual(['proposal-dropped', 2]);
  });

  test('the target is told as soon as it has everything', () => {
    const peer = handing();
    expect(ofType(takeAll(peer), 'MsgTimeoutNow')).toEqual([]);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 1 });
    expect(ofType(takeAll(peer), 'MsgTimeoutNow')).toEqual([]);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 2 });
    expect(ofType(takeAll(peer), 'MsgTimeoutNow').map(({ to }) => to)).toEqual([3]);
  });

  test('everything is as before after an election timeout', () => {
    const peer = handing();
    peer.tick(9);
    expect(peer.raft.transferee).toBe(3);
    peer.tick(1);
    expect([peer.raft.transferee, peer.propose('y')]).toEqual([0, 'accepted']);
  });

  test('the timeout is counted from the request', () => {
    const peer = new Peer({ voters: [1, 2, 3] }).lead();
    peer.propose('x');
    peer.flush();
    peer.tick(8);
    peer.raw.transferLeader(3);
    peer.tick(9);
    expect(peer.raft.transferee).toBe(3);
  });

  test('a second request for the same changes nothing, not even the deadline', () => {
    const peer = handing();
    peer.tick(5);
    peer.raw.transferLeader(3);
    peer.tick(5);
    expect(peer.raft.transferee).toBe(0);
  });

  test('a second request for another takes over', () => {
    const peer = handing();
    takeAll(peer);
    peer.raw.transferLeader(2);
    expect([peer.raft.transferee, ofType(takeAll(peer), 'MsgTimeoutNow').map(({ to }) => to)]).toEqual([
      2,
      [2],
    ]);
  });

  test('a request for the leader itself takes it back', () => {
    const peer = handing();
    peer.raw.transferLeader(1);
    expect([peer.raft.transferee, peer.propose('y')]).toEqual([0, 'accepted']);
  });

  test('a higher term ends it', () => {
    const peer = handing();
    peer.hear({ type: 'MsgVote', from: 2, term: 5, index: 9, logTerm: 4 });
    expect([peer.role, peer.raft.transferee]).toEqual(['StateFollower', 0]);
  });

  test('removing or demoting the target ends it', () => {
    for (const kind of ['remove', 'add-learner'] as const) {
      const peer = handing();
      peer.change(createConfChange({ changes: [{ kind, id: 3 }] }));
      expect(peer.raft.transferee).toBe(0);
      const other = handing();
      other.change(createConfChange({ changes: [{ kind, id: 4 }] }));
      expect(other.raft.transferee).toBe(3);
    }
  });
});

describe('being told to campaign at once', () => {
  test('is heeded by voters, with a mark on their requests', () => {
    const peer = new Peer({ preVote: true, checkQuorum: true });
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 3 });
    peer.flush();
    peer.hear({ type: 'MsgTimeoutNow', from: 2 });
    expect(peer.state).toEqual(['StateCandidate', 4, 0]);
    expect(new TextDecoder().decode(oneOf(takeAll(peer), 'MsgVote').context)).toBe('CampaignTransfer');
    peer.raw.campaign();
    expect(oneOf(takeAll(peer), 'MsgPreVote')?.context.length).toBe(0);
  });

  test('is not heeded by whoever is no voter any more', () => {
    for (const peer of [new Peer({ voters: [2, 3] }), new Peer({ voters: [2, 3], learners: [1] })]) {
      peer.hear({ type: 'MsgTimeoutNow', from: 2, term: 1 });
      expect([peer.role, ofType(takeAll(peer), 'MsgVote')]).toEqual(['StateFollower', []]);
    }
  });

  test('an ordinary candidate finds the lease in its way', () => {
    const peer = new Peer({ checkQuorum: true });
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 1 });
    takeAll(peer);
    peer.hear({ type: 'MsgVote', from: 3, term: 2, context: new TextEncoder().encode('CampaignTransfe?') });
    expect(takeAll(peer)).toEqual([]);
    peer.hear({ type: 'MsgVote', from: 3, term: 2, context: new TextEncoder().encode('CampaignTransfer') });
    expect(oneOf(takeAll(peer), 'MsgVoteResp').reject).toBe(false);
  });
});
