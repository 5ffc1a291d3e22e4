import { describe, expect, test } from '@jest/globals';
import { becomeFollower } from '../node/roles.js';
import { Network } from './network.js';
import { bytes, entry, logOf, membersOf, ofType, oneOf, Peer, snapshotOf, takeAll, text } from './peer.js';

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

describe('committing', () => {
  test.each([
    { match: [1], terms: [1], term: 1, committed: 1 },
    { match: [1], terms: [1], term: 2, committed: 0 },
    { match: [2], terms: [1, 2], term: 2, committed: 2 },
    { match: [1], terms: [2], term: 2, committed: 1 },
    { match: [2, 1, 1], terms: [1, 2], term: 1, committed: 1 },
    { match: [2, 1, 1], terms: [1, 1], term: 2, committed: 0 },
    { match: [2, 1, 2], terms: [1, 2], term: 2, committed: 2 },
    { match: [2, 1, 2], terms: [1, 1], term: 2, committed: 0 },
    { match: [2, 1, 1, 1], terms: [1, 2], term: 1, committed: 1 },
    { match: [2, 1, 1, 1], terms: [1, 1], term: 2, committed: 0 },
    { match: [2, 1, 1, 2], terms: [1, 2], term: 1, committed: 1 },
    { match: [2, 1, 1, 2], terms: [1, 1], term: 2, committed: 0 },
    { match: [2, 1, 2, 2], terms: [1, 2], term: 2, committed: 2 },
    { match: [2, 1, 2, 2], terms: [1, 1], term: 2, committed: 0 },
  ])('with matches $match in a log of $terms at term $term commits $committed', (row) => {
    const voters = row.match.map((_, at) => at + 1);
    const peer = new Peer({ voters, terms: row.terms, hardState: { term: row.term - 1 } });
    peer.raw.campaign();
    // A leader of the term asked for whose log is the one given: without the entry it would write.
    peer.raft.role = 'StateLeader';
    peer.raft.term = row.term;
    row.match.forEach((match, at) => {
      const progress = peer.progress(at + 1);
      progress.becomeReplicate();
      progress.maybeUpdate(match);
      progress.match = at === 0 ? match - 1 : progress.match;
    });
    peer.hear({ type: 'MsgAppResp', from: 1, index: row.match[0]! });
    expect(peer.raft.log.committed).toBe(row.committed);
  });

  test('by counting takes entries of the own term only, and older ones along with them', () => {
    // Entry 2 is of term 1 and not committed; the leader of term 2 has added entry 3.
    const peer = new Peer({ voters: [1, 2, 3, 4, 5], terms: [1, 1], hardState: { term: 1, commit: 1 } });
    peer.lead({ isCommitting: false });
    expect(peer.terms).toEqual([1, 1, 2]);
    for (const from of [2, 3, 4, 5]) peer.hear({ type: 'MsgAppResp', from, index: 2 });
    expect(peer.raft.log.committed).toBe(1);
    for (const from of [2, 3]) peer.hear({ type: 'MsgAppResp', from, index: 3 });
    expect(peer.raft.log.committed).toBe(3);
  });

  test('counts the leader itself only once its entry is durable', () => {
    const peer = new Peer({ voters: [1, 2, 3] }).lead();
    peer.propose('x');
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(peer.raft.log.committed).toBe(1);
    peer.flush();
    expect(peer.raft.log.committed).toBe(2);
  });

  test('a follower commits what it is told, as far as it is vouched for', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1 } });
    peer.hear({ type: 'MsgApp', index: 1, logTerm: 1, entries: [], commit: 3 });
    expect(peer.raft.log.committed).toBe(1);
    peer.hear({ type: 'MsgHeartbeat', commit: 2 });
    expect(peer.raft.log.committed).toBe(2);
    peer.hear({ type: 'MsgHeartbeat', commit: 1 });
    expect(peer.raft.log.committed).toBe(2);
    expect(() => peer.hear({ type: 'MsgHeartbeat', commit: 9 })).toThrow('RAFT-11');
  });

  test('a heartbeat never tells a member more than it is known to have', () => {
    const peer = new Peer().lead({ isCommitting: false });
    peer.hear({ type: 'MsgAppResp', from: 2, index: 1 });
    takeAll(peer);
    peer.tick();
    expect(takeAll(peer).map(({ to, commit }) => [to, commit])).toEqual([
      [2, 1],
      [3, 0],
    ]);
  });

  test('a heartbeat counts as telling the commit index', () => {
    const peer = new Peer().lead();
    peer.propose('x');
    peer.flush();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    peer.flush();
    peer.progress(2).sentCommit = 0;
    peer.tick();
    expect(peer.progress(2).sentCommit).toBe(2);
    expect(peer.progress(3).sentCommit).toBe(1);
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

describe('what a leader makes of answers', () => {
  // Leader of term 1 with entries 1 to 3, of which 1 is its own first one.
  const leader = (): Peer => {
    const peer = new Peer({ terms: [], voters: [1, 2, 3] }).lead({ isCommitting: false });
    peer.propose('a');
    peer.propose('b');
    peer.flush();
    return peer;
  };

  test.each([
    { what: 'a stale refusal', fields: { index: 3, reject: true, rejectHint: 3 }, match: 0, next: 1, sent: 0 },
    { what: 'the refusal of its probe', fields: { index: 0, reject: true, rejectHint: 0 }, match: 0, next: 1, sent: 1 },
    { what: 'an acknowledgement', fields: { index: 2 }, match: 2, next: 4, sent: 1 },
    { what: 'an acknowledgement of nothing', fields: { index: 0 }, match: 0, next: 4, sent: 1 },
  ])('$what', ({ fields, match, next, sent }) => {
    const peer = leader();
    peer.progress(2).becomeProbe();
    peer.progress(2).isFlowPaused = true;
    peer.hear({ type: 'MsgAppResp', from: 2, ...fields });
    expect([peer.progress(2).match, peer.progress(2).next]).toEqual([match, next]);
    expect(ofType(takeAll(peer), 'MsgApp').filter(({ to }) => to === 2).length).toBe(sent);
  });

  test('an answer of somebody unknown', () => {
    const peer = leader();
    expect(peer.hear({ type: 'MsgAppResp', from: 9, index: 3 })).toBe('peer-not-found');
    expect(peer.hear({ type: 'MsgTransferLeader', from: 9 })).toBe('accepted');
    expect(peer.said.at(-1)).toBe('debug 1 no progress available for 9');
  });

  test('a probe that only confirms the match brings the member back to streaming', () => {
    const peer = leader();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    peer.raw.reportUnreachable(2);
    expect(peer.progress(2).state).toBe('StateProbe');
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    expect(peer.progress(2).state).toBe('StateReplicate');
  });

  test('streaming advances next before answers come, probing does not', () => {
    for (const [state, expected] of [
      ['StateReplicate', 4],
      ['StateProbe', 2],
    ] as const) {
      const peer = new Peer().lead();
      if (state === 'StateProbe') peer.raw.reportUnreachable(2);
      peer.propose('a');
      peer.propose('b');
      expect([peer.progress(2).state, peer.progress(2).next]).toEqual([state, expected]);
    }
  });

  test('reordered refusals never push next to or below match', () => {
    const peer = leader();
    const refusal = { type: 'MsgAppResp', from: 2, index: 3, reject: true, rejectHint: 0 } as const;
    peer.hear({ type: 'MsgAppResp', from: 2, index: 0, reject: true, rejectHint: 0 });
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    peer.hear(refusal);
    expect([peer.progress(2).match, peer.progress(2).next]).toEqual([3, 4]);
    peer.propose('c');
    peer.hear({ ...refusal, index: 4 });
    expect(peer.progress(2).next).toBeGreaterThan(3);
  });

  test('a heartbeat’s answer makes it send again what is not acknowledged, until it is', () => {
    const peer = leader();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 0, reject: true, rejectHint: 0 });
    for (let round = 0; round < 2; round++) {
      takeAll(peer);
      peer.hear({ type: 'MsgHeartbeatResp', from: 2 });
      expect(ofType(takeAll(peer), 'MsgApp').map(({ to }) => to)).toEqual([2]);
    }
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    takeAll(peer);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2 });
    expect(ofType(takeAll(peer), 'MsgApp')).toEqual([]);
  });

  test('a quorum’s acknowledgement makes it tell everybody the commit index', () => {
    const peer = leader();
    takeAll(peer);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    const appends = ofType(takeAll(peer), 'MsgApp');
    expect(appends.map(({ to, commit, entries }) => [to, commit, entries.length])).toEqual([[2, 3, 0]]);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 1 });
    expect(ofType(takeAll(peer), 'MsgApp').every(({ to, commit }) => to === 3 && commit === 3)).toBe(true);
  });

  test('a member that lags in what it knows is told on its next answer, once', () => {
    const peer = leader();
    for (const from of [2, 3]) peer.hear({ type: 'MsgAppResp', from, index: 1 });
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    takeAll(peer);
    peer.progress(3).sentCommit = 1;
    peer.hear({ type: 'MsgAppResp', from: 3, index: 2 });
    expect(ofType(takeAll(peer), 'MsgApp').map(({ to, commit }) => [to, commit])).toEqual([[3, 3]]);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 3 });
    expect(ofType(takeAll(peer), 'MsgApp')).toEqual([]);
  });

  test('what members had in an earlier leadership is not taken for granted', () => {
    const peer = leader();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    peer.hear({ type: 'MsgHeartbeat', from: 3, term: 2 });
    peer.lead({ isCommitting: false });
    expect([peer.progress(2).match, peer.progress(1).match]).toEqual([0, 4]);
  });

  test('its own acknowledgement sends nothing to itself', () => {
    const peer = leader();
    expect(peer.flush().some(({ to }) => to === 1)).toBe(false);
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
    const refusals = network.sent.filter(({ type, reject, from }) => type === 'MsgAppResp' && reject && from === 2);
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

describe('limits of what a leader takes in', () => {
  const PAYLOAD = 'x'.repeat(10);

  test('drop proposals while too much is not applied', () => {
    const peer = new Peer({ maxUncommittedSize: 25 }).lead();
    expect([1, 2, 3].map(() => peer.propose(PAYLOAD))).toEqual(['accepted', 'accepted', 'proposal-dropped']);
    expect([peer.propose(''), peer.raft.uncommittedSize]).toEqual(['accepted', 20]);
    peer.flush();
    peer.everybodyAcknowledges();
    expect(peer.raft.uncommittedSize).toBe(0);
    expect(peer.propose(PAYLOAD)).toBe('accepted');
  });

  test('let one over-large proposal in when nothing waits', () => {
    const peer = new Peer({ maxUncommittedSize: 25 }).lead();
    expect(peer.propose('x'.repeat(90))).toBe('accepted');
    expect([peer.propose('x'), peer.propose('')]).toEqual(['proposal-dropped', 'accepted']);
  });

  test('start from nothing in a new term', () => {
    const peer = new Peer({ maxUncommittedSize: 25 }).lead();
    peer.propose('x'.repeat(90));
    becomeFollower(peer.raft, 2, 0);
    expect(peer.raft.uncommittedSize).toBe(0);
  });

  test('shrink by what is applied, also what others wrote, but not below nothing', () => {
    const peer = new Peer({ voters: [1], terms: [] });
    peer.storage.append([entry(1, 1, 'from before')]);
    const other = new Peer({ voters: [1], storage: peer.storage });
    other.lead();
    expect(other.raft.uncommittedSize).toBe(0);
    expect(other.applied.map(text)).toEqual(['from before', '']);
  });
});

describe('preparing entries at their place', () => {
  test('replaces the data of a normal entry once term and index are known', () => {
    const seen: string[] = [];
    const onAppend: NonNullable<ConstructorParameters<typeof Peer>[0]>['onAppend'] = (one) => {
      seen.push(`${one.term}/${one.index}`);
      return { ...one, data: bytes(`<${text(one)}>`) };
    };
    const peer = new Peer({ voters: [1], onAppend }).lead();
    peer.propose('a');
    peer.propose('');
    peer.propose('b');
    peer.flush();
    expect([peer.datas, seen]).toEqual([['<a>', '<b>'], ['1/2', '1/4']]);
  });

  test('must not move it', () => {
    const peer = new Peer({ voters: [1], onAppend: (one) => ({ ...one, index: one.index + 1 }) }).lead();
    expect(() => peer.propose('a')).toThrow('RAFT-17');
  });

  test('counts what was prepared towards the limits', () => {
    const onAppend = ({ data, ...place }: { term: number; index: number; type: 'EntryNormal'; data: Uint8Array }) => ({
      ...place,
      data: new Uint8Array(data.length + 40),
    });
    const peer = new Peer({ voters: [1], maxUncommittedSize: 50, onAppend: onAppend as never }).lead();
    peer.propose('a');
    expect([peer.raft.uncommittedSize, peer.propose('b'.repeat(10))]).toEqual([41, 'proposal-dropped']);
  });
});

describe('snapshots recorded by nobody', () => {
  test('are not mistaken for one', () => {
    const peer = new Peer();
    expect(peer.hear({ type: 'MsgSnap', term: 1 })).toBe('accepted');
    expect(takeAll(peer)).toEqual([]);
    expect(snapshotOf(1, 1, membersOf([1])).index).toBe(1);
  });
});
