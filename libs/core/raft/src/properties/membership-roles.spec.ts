import { describe, expect, test } from '@jest/globals';
import { unplacedEntry } from '../message/entry.js';
import { change, placed } from './changes.js';
import { Network } from './network.js';
import { membersOf, Peer, PeerStorage, takeAll } from './peer.js';

describe('a leader that is removed or demoted', () => {
  test.each(['r1', 'l1'])('by %s steps down if told so, and else leads on', (text) => {
    const eager = new Peer({ stepDownOnRemoval: true }).lead();
    eager.change(change(text));
    expect(eager.state).toEqual(['StateFollower', 1, 0]);
    const patient = new Peer().lead();
    patient.change(change(text));
    expect(patient.role).toBe('StateLeader');
  });

  test('adds nothing to the log, counts itself no more, but brings the others on', () => {
    const peer = new Peer({ voters: [1, 2, 3] }).lead();
    peer.propose('x');
    peer.flush();
    peer.change(change('r1'));
    expect(peer.propose('y')).toBe('proposal-dropped');
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(peer.raft.log.committed).toBe(1);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 2 });
    expect(peer.raft.log.committed).toBe(2);
    takeAll(peer);
    peer.tick();
    expect(takeAll(peer).map(({ to }) => to)).toEqual([2, 3]);
  });

  test('hears no more from members it has removed', () => {
    const peer = new Peer().lead();
    peer.change(change('r3'));
    expect(peer.hear({ type: 'MsgAppResp', from: 3, index: 1 })).toBe('peer-not-found');
    expect(peer.hear({ type: 'MsgHeartbeatResp', from: 3 })).toBe('peer-not-found');
    expect(peer.raft.peers).toEqual([2]);
  });
});

describe('campaigning with changes under way', () => {
  test.each(['follower', 'transfer target'])(
    'a %s that has committed but not applied one must not',
    (role) => {
      const storage = new PeerStorage();
      storage.confState = membersOf([1, 2, 3]);
      storage.append([placed(change('r3'), 1, 1)]);
      storage.setHardState({ term: 1, vote: 0, commit: 1 });
      const peer = new Peer({ storage });
      const campaign = (): void => {
        if (role === 'follower') peer.raw.campaign();
        else peer.hear({ type: 'MsgTimeoutNow', from: 2 });
      };
      campaign();
      expect([peer.role, peer.said.at(-1)]).toEqual([
        'StateFollower',
        'warn 1 cannot campaign at term 1 since there are still pending configuration changes to apply',
      ]);
      peer.flush();
      campaign();
      expect(peer.role).toBe('StateCandidate');
    },
  );

  test('looks through all pages of what is not applied', () => {
    const storage = new PeerStorage();
    storage.confState = membersOf([1, 2, 3]);
    const normal = { ...unplacedEntry(new Uint8Array(9)), term: 1 };
    storage.append([{ ...normal, index: 1 }, { ...normal, index: 2 }, placed(change('r3'), 1, 3)]);
    storage.setHardState({ term: 1, vote: 0, commit: 3 });
    const peer = new Peer({ storage, maxCommittedSizePerReady: 1 });
    peer.raw.campaign();
    expect(peer.role).toBe('StateFollower');
  });

  test('one that is appended and not committed stands in nobody’s way', () => {
    const storage = new PeerStorage();
    storage.confState = membersOf([1, 2, 3]);
    storage.append([placed(change('r3'), 1, 1)]);
    storage.setHardState({ term: 1, vote: 0, commit: 0 });
    const peer = new Peer({ storage });
    peer.raw.campaign();
    expect(peer.role).toBe('StateCandidate');
  });
});

describe('learners', () => {
  test('follow, do not count, and can be promoted and lead then', () => {
    const network = new Network([1, 2].map((id) => new Peer({ id, voters: [1], learners: [2] })));
    network.campaign(1);
    network.propose(1, 'x');
    expect([network.peer(2).datas, network.peer(1).raft.log.committed]).toEqual([['x'], 2]);
    network.tick(2, 30);
    expect(network.peer(2).role).toBe('StateFollower');
    network.peer(1).raw.proposeConfChange(change('v2'));
    network.settle();
    expect(network.peer(2).raft.isLearner).toBe(false);
    network.campaign(2);
    expect(network.leader?.id).toBe(2);
  });

  test('an answer of a learner commits nothing', () => {
    const peer = new Peer({ voters: [1, 2], learners: [3] }).lead({ isCommitting: false });
    peer.hear({ type: 'MsgAppResp', from: 3, index: 1 });
    expect(peer.raft.log.committed).toBe(0);
  });

  test('a vote of a learner elects nobody', () => {
    const peer = new Peer({ voters: [1, 2], learners: [3] });
    peer.raw.campaign();
    peer.flush();
    peer.hear({ type: 'MsgVoteResp', from: 3 });
    expect(peer.role).toBe('StateCandidate');
    expect(peer.said.at(-1)).toBe('info 1 has received 1 MsgVoteResp votes and 0 vote rejections');
  });
});
