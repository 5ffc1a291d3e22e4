import { describe, expect, test } from '@jest/globals';
import { createMessage, type Message } from '../message/message.js';
import type { ConfState, Snapshot } from '../message/state.js';
import { Network } from './network.js';
import { logOf, membersOf, ofType, oneOf, Peer, PeerStorage, snapshotOf, takeAll } from './peer.js';

const MEMBERS = membersOf([1, 2, 3]);

const install = (peer: Peer, snapshot: Snapshot): Message => {
  peer.hear({ type: 'MsgSnap', term: Math.max(1, peer.raft.term), snapshot });
  return oneOf(peer.raft.messagesAfterAppend, 'MsgAppResp');
};

describe('installing a snapshot', () => {
  test('replaces the log and the membership and acknowledges its index', () => {
    const peer = new Peer({ terms: [1, 1], voters: [1, 2] });
    const response = install(peer, snapshotOf(11, 4, MEMBERS));
    expect(response).toMatchObject({ index: 11, reject: false, to: 2 });
    const { log, tracker } = peer.raft;
    expect([log.lastIndex(), log.term(11), log.committed, tracker.membership.incoming]).toEqual([
      11,
      4,
      11,
      [1, 2, 3],
    ]);
    expect(peer.storage.lastIndex()).toBe(2);
    const ready = peer.raw.ready();
    expect([ready.snapshot?.index, ready.committedEntries, ready.hardState?.commit]).toEqual([11, [], 11]);
    peer.write(ready);
    peer.raw.advance();
    expect([peer.raft.log.applied, peer.raft.log.unstable.snapshot]).toEqual([11, undefined]);
  });

  test('is refused, with the commit index, if it brings nothing new', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1, commit: 2 } });
    expect(install(peer, snapshotOf(2, 1, MEMBERS))).toMatchObject({ index: 2, reject: false });
    expect(peer.raft.log.unstable.snapshot).toBeUndefined();
  });

  test('is refused if it is older than what the log starts from', () => {
    const storage = new PeerStorage();
    storage.applySnapshot(snapshotOf(5, 2, MEMBERS));
    storage.confState = MEMBERS;
    const peer = new Peer({ storage, applied: 5 });
    expect(install(peer, snapshotOf(3, 1, MEMBERS))).toMatchObject({ index: 5 });
    expect([peer.raft.log.committed, peer.raft.log.lastIndex()]).toEqual([5, 5]);
  });

  test('only moves the commit index if the log has it', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1, commit: 1 } });
    expect(install(peer, snapshotOf(2, 1, MEMBERS))).toMatchObject({ index: 2 });
    expect([peer.terms, peer.raft.log.committed, peer.raft.log.unstable.snapshot]).toEqual([
      [1, 1, 1],
      2,
      undefined,
    ]);
    expect(peer.said.at(-2)).toBe(
      'info 1 [commit: 1, lastindex: 3, lastterm: 1] fast-forwarded commit to snapshot [index: 2, term: 1]',
    );
  });

  test('replaces a log that has another entry there', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1, commit: 1 } });
    install(peer, snapshotOf(2, 2, MEMBERS));
    expect([peer.raft.log.lastIndex(), peer.raft.log.term(2)]).toEqual([2, 2]);
  });

  test('is refused by nodes that are not in it', () => {
    const peer = new Peer();
    expect(install(peer, snapshotOf(5, 1, membersOf([2, 3])))).toMatchObject({ index: 0 });
    expect(peer.raft.log.lastIndex()).toBe(0);
  });

  test.each<{ what: string; state: ConfState; isLearner: boolean }>([
    { what: 'a learner', state: membersOf([2, 3], [1]), isLearner: true },
    {
      what: 'a voter of the outgoing half',
      state: { ...MEMBERS, voters: [2], votersOutgoing: [1, 2] },
      isLearner: false,
    },
    {
      what: 'a staged learner',
      state: { ...MEMBERS, voters: [2], votersOutgoing: [1, 2], learnersNext: [1] },
      isLearner: false,
    },
  ])('is accepted by $what', ({ state, isLearner }) => {
    const peer = new Peer({ voters: [1, 2, 3] });
    expect(install(peer, snapshotOf(5, 1, state))).toMatchObject({ index: 5 });
    expect(peer.raft.isLearner).toBe(isLearner);
  });

  test('turns a voter into a learner and a learner into a voter', () => {
    const voter = new Peer();
    install(voter, snapshotOf(5, 1, membersOf([2, 3], [1])));
    expect([voter.raft.isLearner, voter.progress(1).isLearner]).toEqual([true, true]);
    const learner = new Peer({ voters: [2, 3], learners: [1] });
    install(learner, snapshotOf(5, 1, MEMBERS));
    expect([learner.raft.isLearner, learner.progress(1).isLearner]).toEqual([false, false]);
  });

  test('goes on with what follows it, entries and snapshot in one Ready', () => {
    const peer = new Peer();
    install(peer, snapshotOf(5, 1, MEMBERS));
    peer.hear({ type: 'MsgApp', index: 5, logTerm: 1, entries: logOf([1, 1], 6), commit: 6 });
    const ready = peer.raw.ready();
    expect([ready.snapshot?.index, ready.entries.length, ready.committedEntries]).toEqual([5, 2, []]);
    peer.write(ready);
    peer.raw.advance();
    expect(peer.raw.ready().committedEntries.map(({ index }) => index)).toEqual([6]);
  });

  test('gets a candidate to follow', () => {
    const peer = new Peer();
    peer.raw.campaign();
    takeAll(peer);
    install(peer, snapshotOf(5, 1, MEMBERS));
    expect([peer.state, peer.raft.log.lastIndex()]).toEqual([['StateFollower', 1, 2], 5]);
  });
});

/** A leader whose log starts after a snapshot at 11, with a member that is behind it. */
function leaderWithSnapshot({ isActive = true } = {}): Peer {
  const storage = new PeerStorage();
  storage.applySnapshot(snapshotOf(11, 11, membersOf([1, 2])));
  storage.confState = membersOf([1, 2]);
  storage.setHardState({ term: 11, vote: 0, commit: 11 });
  const peer = new Peer({ storage, applied: 11 });
  peer.raw.campaign();
  peer.flush();
  peer.hear({ type: 'MsgVoteResp' });
  peer.flush();
  const progress = peer.progress(2);
  progress.next = 5;
  progress.match = 4;
  progress.recentActive = isActive;
  progress.becomeProbe();
  takeAll(peer);
  return peer;
}

describe('sending a snapshot', () => {
  test('is what a member behind the log gets, and everything else waits for it', () => {
    const peer = leaderWithSnapshot();
    peer.hear({ type: 'MsgHeartbeatResp' });
    const [sent] = takeAll(peer);
    expect(sent).toMatchObject({ type: 'MsgSnap', to: 2, snapshot: { index: 11, term: 11 } });
    expect(peer.progress(2)).toMatchObject({
      state: 'StateSnapshot',
      pendingSnapshot: 11,
      next: 12,
      sentCommit: 11,
    });
    peer.propose('waits');
    peer.hear({ type: 'MsgHeartbeatResp' });
    expect(ofType(takeAll(peer), 'MsgApp')).toEqual([]);
  });

  test('waits for a sign of life', () => {
    const peer = leaderWithSnapshot({ isActive: false });
    peer.propose('x');
    expect(ofType(takeAll(peer), 'MsgSnap')).toEqual([]);
    expect(peer.progress(2).state).toBe('StateProbe');
    expect(peer.said.at(-1)).toBe('debug ignore sending snapshot to 2 since it is not recently active');
    peer.hear({ type: 'MsgHeartbeatResp' });
    expect(ofType(takeAll(peer), 'MsgSnap').length).toBe(1);
  });

  test('waits until there is one', () => {
    const peer = leaderWithSnapshot();
    const snapshot = peer.storage.snapshot.bind(peer.storage);
    Object.assign(peer.storage, { snapshot: () => undefined });
    peer.hear({ type: 'MsgHeartbeatResp' });
    expect([takeAll(peer), peer.progress(2).state]).toEqual([[], 'StateProbe']);
    Object.assign(peer.storage, { snapshot });
    peer.hear({ type: 'MsgHeartbeatResp' });
    expect(ofType(takeAll(peer), 'MsgSnap').length).toBe(1);
  });

  test('of nothing is a bug', () => {
    const peer = leaderWithSnapshot();
    Object.assign(peer.storage, { snapshot: () => snapshotOf(0, 0, MEMBERS) });
    expect(() => peer.hear({ type: 'MsgHeartbeatResp' })).toThrow('RAFT-18');
  });

  const sending = (): Peer => {
    const peer = leaderWithSnapshot();
    peer.hear({ type: 'MsgHeartbeatResp' });
    takeAll(peer);
    return peer;
  };

  test('that succeeded is probed from behind, once the member has spoken', () => {
    const peer = sending();
    peer.raw.reportSnapshot(2, 'finished');
    expect(peer.progress(2)).toMatchObject({
      state: 'StateProbe',
      next: 12,
      isFlowPaused: true,
      pendingSnapshot: 0,
    });
    peer.propose('x');
    expect(ofType(takeAll(peer), 'MsgApp')).toEqual([]);
    peer.hear({ type: 'MsgHeartbeatResp' });
    expect(ofType(takeAll(peer), 'MsgApp').map(({ index }) => index)).toEqual([11]);
  });

  test('that failed is probed from where the member was', () => {
    const peer = sending();
    peer.raw.reportSnapshot(2, 'failed');
    expect(peer.progress(2)).toMatchObject({
      state: 'StateProbe',
      next: 5,
      isFlowPaused: true,
      pendingSnapshot: 0,
    });
  });

  test('is over when the member acknowledges any index the log reaches back to', () => {
    for (const index of [11, 12]) {
      const peer = sending();
      peer.propose('x');
      takeAll(peer);
      peer.hear({ type: 'MsgAppResp', index });
      expect(peer.progress(2)).toMatchObject({ state: 'StateReplicate', match: index, pendingSnapshot: 0 });
    }
    const peer = sending();
    peer.hear({ type: 'MsgAppResp', index: 8 });
    expect(peer.progress(2)).toMatchObject({ state: 'StateSnapshot', match: 8, pendingSnapshot: 11 });
    expect(takeAll(peer)).toEqual([]);
  });

  test('is over too when a newer one is on its way that the member turns out not to need', () => {
    const peer = sending();
    peer.progress(2).becomeSnapshot(12);
    peer.hear({ type: 'MsgAppResp', index: 11 });
    expect(peer.progress(2)).toMatchObject({ state: 'StateReplicate', match: 11 });
  });

  test('is not disturbed by words about one that is not on its way', () => {
    const peer = new Peer().lead();
    peer.raw.reportSnapshot(2, 'failed');
    expect(peer.progress(2).state).toBe('StateReplicate');
  });
});

describe('a slow node', () => {
  test('comes back by way of a snapshot, and so do the entries after it', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.isolate(3);
    for (let at = 0; at < 20; at++) network.propose(1, `v${at}`);
    const leader = network.peer(1);
    leader.storage.createSnapshot(leader.raft.log.applied, MEMBERS, new Uint8Array());
    leader.storage.compact(leader.raft.log.applied);
    network.recover();
    network.tick(1, 2);
    network.propose(1, 'after');
    expect([network.peer(3).datas, network.peer(3).raft.log.committed]).toEqual([
      ['after'],
      leader.raft.log.committed,
    ]);
    expect(leader.progress(3).state).toBe('StateReplicate');
  });

  test('of a learner too', () => {
    const learner = new Peer({ id: 2, voters: [1], learners: [2] });
    const storage = new PeerStorage();
    storage.applySnapshot(snapshotOf(11, 11, membersOf([1], [2])));
    storage.confState = membersOf([1], [2]);
    const leader = new Peer({ storage, applied: 11 });
    const network = new Network([leader, learner]);
    network.campaign(1);
    network.tick(1, 2);
    expect([learner.raft.log.committed, learner.raft.isLearner]).toEqual([leader.raft.log.committed, true]);
  });

  test('answers a snapshot that it no longer needs with where it is', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1, commit: 3 } });
    peer.raw.step(
      createMessage({ type: 'MsgSnap', from: 2, to: 1, term: 1, snapshot: snapshotOf(2, 1, MEMBERS) }),
    );
    expect(oneOf(takeAll(peer), 'MsgAppResp').index).toBe(3);
    expect(peer.said.at(-1)).toBe('info 1 [commit: 3] ignored snapshot [index: 2, term: 1]');
  });
});
