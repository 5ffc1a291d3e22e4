import { describe, expect, test } from '@jest/globals';
import { Peer, takeAll } from './peer.js';

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
