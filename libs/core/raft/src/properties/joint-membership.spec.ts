import { describe, expect, test } from '@jest/globals';
import { decodeConfChange } from '../message/conf-change.js';
import { change, members } from './changes.js';
import { Network } from './network.js';
import { membersOf, Peer, type PeerFields } from './peer.js';

describe('leaving a joint membership by itself', () => {
  const joint = (fields: PeerFields = {}): Peer => {
    const confState = { ...membersOf([1]), votersOutgoing: [1], autoLeave: true };
    return new Peer({ confState, ...fields });
  };

  test('is proposed by a new leader as soon as it has applied everything before its term, and once', () => {
    const peer = joint();
    peer.lead();
    expect([members(peer), peer.terms.length]).toEqual(['voters=(1)', 2]);
    const leave = peer.applied.at(-1)!;
    expect([leave.type, leave.data.length, decodeConfChange(leave)?.changes]).toEqual([
      'EntryConfChangeV2',
      0,
      [],
    ]);
  });

  test('waits for everything that may change the membership before it', () => {
    const peer = joint({ terms: [1, 1], hardState: { term: 1, commit: 2 }, maxCommittedSizePerReady: 1 });
    peer.raw.campaign();
    peer.flushOne();
    const proposed = (): boolean =>
      peer.said.some((line) => line.includes('initiating automatic transition'));
    const applied: [number, boolean][] = [];
    for (let rounds = 0; rounds < 10 && !proposed(); rounds++) {
      peer.flushOne();
      applied.push([peer.raft.log.applied, proposed()]);
    }
    expect(applied.find(([, isProposed]) => isProposed)?.[0]).toBe(2);
    expect(applied.filter(([index]) => index < 2).every(([, isProposed]) => !isProposed)).toBe(true);
  });

  test('is not proposed by followers', () => {
    const peer = joint({ terms: [1, 1], voters: [1], hardState: { term: 1, commit: 2 } });
    peer.flush();
    expect([peer.raft.log.applied, peer.terms.length]).toEqual([2, 2]);
  });

  test('is tried again on every later occasion if it was dropped', () => {
    const confState = { ...membersOf([1, 2]), votersOutgoing: [1, 2], autoLeave: true };
    const peer = new Peer({ confState }).lead({ isCommitting: false });
    peer.raw.transferLeader(2);
    peer.everybodyAcknowledges();
    expect(members(peer)).toContain('autoleave');
    expect(peer.said.some((line) => line.startsWith('debug not initiating automatic transition'))).toBe(true);
    peer.raw.transferLeader(1);
    peer.propose('x');
    peer.flush();
    peer.everybodyAcknowledges();
    peer.everybodyAcknowledges();
    expect(members(peer)).toBe('voters=(1 2)');
  });

  test('is left to the next leader if this one is gone before', () => {
    const confState = { ...membersOf([1, 2, 3]), votersOutgoing: [2], autoLeave: true };
    const voters = [1, 2, 3];
    const network = new Network(voters.map((id) => new Peer({ id, confState })));
    network.filter = ({ type, entries }) =>
      type !== 'MsgApp' || entries.every((one) => one.type === 'EntryNormal');
    network.campaign(1);
    expect([members(network.peer(1)).endsWith('autoleave'), network.peer(1).terms]).toEqual([true, [1, 1]]);
    network.recover();
    network.campaign(2);
    network.tick(2);
    expect(network.peers.map(members)).toEqual(voters.map(() => 'voters=(1 2 3)'));
    expect(network.peer(1).terms).toEqual([1, 2, 2]);
  });
});

describe('R11: memberships', () => {
  test('in force change when applied, not when appended', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.ignore('MsgAppResp');
    network.peer(1).raw.proposeConfChange(change('r3'));
    network.settle();
    expect(network.peers.map(members)).toEqual(Array.from({ length: 3 }, () => 'voters=(1 2 3)'));
    network.recover();
    network.tick(1);
    expect(members(network.peer(1))).toBe('voters=(1 2)');
  });

  test('joint ones commit by both halves', () => {
    const confState = { ...membersOf([1, 4, 5]), votersOutgoing: [1, 2, 3] };
    const peer = new Peer({ confState });
    peer.raw.campaign();
    peer.flush();
    for (const from of [4, 5]) peer.hear({ type: 'MsgVoteResp', from });
    expect(peer.role).toBe('StateCandidate');
    peer.hear({ type: 'MsgVoteResp', from: 2 });
    expect(peer.role).toBe('StateLeader');
    peer.flush();
    for (const from of [4, 5]) peer.hear({ type: 'MsgAppResp', from, index: 1 });
    expect(peer.raft.log.committed).toBe(0);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 1 });
    expect(peer.raft.log.committed).toBe(1);
  });

  test('that stay without voters cause no harm', () => {
    const peer = new Peer({ voters: [] });
    peer.tick(50);
    expect([peer.role, peer.flush()]).toEqual(['StateFollower', []]);
  });
});
