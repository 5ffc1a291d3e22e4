import { describe, expect, test } from '@jest/globals';
import { Network } from './network.js';
import { bytes, logOf, membersOf, oneOf, Peer, takeAll } from './peer.js';

describe('replication', () => {
  test('brings proposals to everybody, in order, also those made to followers', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.propose(1, 'a');
    network.propose(2, 'b');
    network.propose(3, 'c');
    for (const peer of network.peers) expect(peer.datas).toEqual(['a', 'b', 'c']);
  });

  test('works with a minority away, which catches up later', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.isolate(3);
    network.propose(1, 'a');
    network.propose(1, 'b');
    expect(network.peer(2).datas).toEqual(['a', 'b']);
    network.recover();
    network.tick(1);
    expect(network.peer(3).datas).toEqual(['a', 'b']);
  });

  test('commits nothing with a majority away', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.isolate(1);
    network.propose(1, 'a');
    expect(network.peers.map(({ datas }) => datas)).toEqual([[], [], []]);
  });

  test('keeps entries that the old leader could not commit only where they are', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.isolate(1);
    network.propose(1, 'lost');
    network.campaign(2);
    network.propose(2, 'kept');
    network.recover();
    network.tick(2);
    for (const peer of network.peers) expect([peer.datas, peer.terms]).toEqual([['kept'], [1, 2, 2]]);
  });

  test('drops proposals without a leader, and where forwarding is off', () => {
    const lost = new Peer();
    expect(lost.propose('x')).toBe('proposal-dropped');
    lost.raw.campaign();
    expect(lost.propose('x')).toBe('proposal-dropped');
    const proud = new Peer({ disableProposalForwarding: true });
    proud.hear({ type: 'MsgHeartbeat', from: 2, term: 1 });
    takeAll(proud);
    expect([proud.propose('x'), takeAll(proud)]).toEqual(['proposal-dropped', []]);
    expect(proud.said.at(-1)).toBe('info 1 not forwarding to leader 2 at term 1; dropping proposal');
  });

  test('passes proposals on unchanged and without a term', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 4 });
    takeAll(peer);
    expect(peer.propose('x')).toBe('accepted');
    expect(oneOf(takeAll(peer), 'MsgProp')).toMatchObject({ to: 2, from: 1, term: 0 });
  });

  test('is quiet about a proposal of nothing only by failing', () => {
    const peer = new Peer().lead();
    expect(() => peer.hear({ type: 'MsgProp', term: 0 })).toThrow('RAFT-20');
  });

  test('appends several proposals made at once together', () => {
    const peer = new Peer({ voters: [1] }).lead();
    peer.raw.proposeAll([bytes('a'), bytes('b')]);
    peer.flush();
    expect(peer.datas).toEqual(['a', 'b']);
  });

  test('old messages of a former leader change nothing', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.campaign(2);
    network.campaign(1);
    network.deliver([...network.sent].filter(({ type, term }) => type === 'MsgApp' && term === 2));
    network.propose(1, 'x');
    for (const peer of network.peers) expect([peer.terms, peer.datas]).toEqual([[1, 2, 3, 3], ['x']]);
  });
});

describe('what a follower makes of entries', () => {
  test('answers what lies below its commit index with that index', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1, commit: 2 } });
    peer.hear({ type: 'MsgApp', index: 1, logTerm: 1, entries: logOf([1], 2) });
    expect(takeAll(peer)).toMatchObject([{ type: 'MsgAppResp', index: 2, reject: false }]);
    peer.hear({ type: 'MsgApp', index: 0, logTerm: 0, entries: logOf([9], 1) });
    expect(takeAll(peer)).toMatchObject([{ type: 'MsgAppResp', index: 2, reject: false }]);
    expect(peer.terms).toEqual([1, 1, 1]);
  });

  test('does not cut its log for a late message that adds nothing', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1 } });
    peer.hear({ type: 'MsgApp', index: 0, logTerm: 0, entries: logOf([1], 1) });
    expect([peer.terms, oneOf(takeAll(peer), 'MsgAppResp').index]).toEqual([[1, 1, 1], 1]);
  });

  test.each([
    // Log of the follower, where the append attaches, and the place where logs may agree.
    { terms: [1, 1, 1, 2, 2], index: 4, logTerm: 4, hint: 4, hintTerm: 2 },
    { terms: [1, 3, 3, 5, 5], index: 5, logTerm: 4, hint: 3, hintTerm: 3 },
    { terms: [1, 3, 3, 5, 5], index: 5, logTerm: 2, hint: 1, hintTerm: 1 },
    { terms: [2, 2], index: 1, logTerm: 1, hint: 0, hintTerm: 0 },
    { terms: [1, 1], index: 9, logTerm: 3, hint: 2, hintTerm: 1 },
    { terms: [], index: 3, logTerm: 1, hint: 0, hintTerm: 0 },
  ])('refuses what does not attach to $terms at $logTerm/$index with hint $hintTerm/$hint', (row) => {
    const peer = new Peer({ terms: row.terms, hardState: { term: 5 } });
    peer.hear({ type: 'MsgApp', index: row.index, logTerm: row.logTerm, entries: logOf([5], row.index + 1) });
    expect(takeAll(peer)).toMatchObject([
      { type: 'MsgAppResp', reject: true, index: row.index, rejectHint: row.hint, logTerm: row.hintTerm },
    ]);
  });

  test('acknowledges only what is on record', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgApp', term: 1, index: 0, logTerm: 0, entries: logOf([1]) });
    expect([peer.raft.messages, peer.raft.messagesAfterAppend.length]).toEqual([[], 1]);
    const ready = peer.raw.ready();
    expect([ready.mustSync, ready.entries.length, ready.messages[0]?.type]).toEqual([true, 1, 'MsgAppResp']);
  });
});

describe('finding where logs agree', () => {
  test.each([
    { leader: [1, 3, 3, 3, 5, 5, 5], follower: [1, 1, 1, 1, 1, 2], probes: 2 },
    { leader: [1, 1, 1, 4], follower: [1, 1, 1, 2, 2, 2], probes: 2 },
    { leader: [1, 1, 1, 5], follower: [1, 1, 1, 2, 3, 4], probes: 2 },
    { leader: [1, 2, 3, 4, 5], follower: [1], probes: 2 },
    { leader: [2, 2, 2], follower: [1, 1, 1, 1, 1], probes: 2 },
    { leader: [1, 1, 2, 2, 2, 3, 3], follower: [1, 1, 2, 2, 2, 2, 2], probes: 2 },
    { leader: [5], follower: [1, 1, 1, 1], probes: 2 },
    { leader: [1, 1, 1, 1, 4, 4], follower: [1, 1, 1, 1, 1, 1], probes: 2 },
    { leader: [3, 3, 3, 4], follower: [], probes: 2 },
  ])('takes a leader with $leader and a follower with $follower at most $probes refusals', (row) => {
    const voters = [1, 2, 3];
    const term = Math.max(...row.leader, ...row.follower);
    const first = new Peer({ id: 1, voters, terms: row.leader, hardState: { term } });
    const second = new Peer({ id: 2, voters, terms: row.follower, hardState: { term } });
    const network = new Network([first, second]);
    first.raw.campaign();
    first.flush();
    first.hear({ type: 'MsgVoteResp', from: 3 });
    network.settle();
    expect(second.terms).toEqual([...row.leader, term + 1]);
    const refusals = network.sent.filter(
      ({ type, reject, from }) => type === 'MsgAppResp' && reject && from === 2,
    );
    expect(refusals.length).toBeLessThanOrEqual(row.probes);
  });

  test('skips a whole term of the leader’s where the follower names one', () => {
    const peer = new Peer({ terms: [1, 2, 2, 2, 2], hardState: { term: 2 } }).lead({ isCommitting: false });
    peer.hear({ type: 'MsgAppResp', from: 2, index: 5, reject: true, rejectHint: 5, logTerm: 1 });
    expect(peer.progress(2).next).toBe(2);
  });

  test('goes on from what is compacted', () => {
    const peer = new Peer({ terms: [1, 1, 1, 2], hardState: { term: 2, commit: 3 } });
    peer.storage.createSnapshot(2, membersOf([1, 2, 3]), new Uint8Array());
    peer.storage.compact(2);
    expect(peer.raft.log.findConflictByTerm(4, 0)).toEqual({ index: 1, term: 0 });
  });
});

describe('terms', () => {
  test('messages of an older term are not acted on in any role', () => {
    for (const role of ['follower', 'candidate', 'leader']) {
      const peer = new Peer({ hardState: { term: 4 } });
      if (role === 'candidate') peer.raw.campaign();
      if (role === 'leader') peer.lead();
      takeAll(peer);
      const before = peer.state;
      peer.hear({ type: 'MsgApp', term: 3, index: 0, logTerm: 0, entries: logOf([3]) });
      peer.hear({ type: 'MsgAppResp', term: 3, index: 5 });
      peer.hear({ type: 'MsgVoteResp', term: 3, from: 3 });
      peer.hear({ type: 'MsgTimeoutNow', term: 3 });
      expect([peer.state, takeAll(peer)]).toEqual([before, []]);
    }
  });
});
