import { describe, expect, test } from '@jest/globals';
import { createMessage } from '../message/message.js';
import { becomeFollower } from '../node/roles.js';
import { Network } from './network.js';
import { entry, oneOf, ofType, Peer, type PeerFields, takeAll } from './peer.js';

const MODES = [{ preVote: false }, { preVote: true }];

/** A cluster of which only the listed nodes exist, with the logs given for them. */
function clusterOf(logs: readonly (readonly number[] | 'dead')[], fields: PeerFields): Network {
  const voters = logs.map((_, at) => at + 1);
  const alive = voters.filter((id) => logs[id - 1] !== 'dead');
  return new Network(
    alive.map((id) => {
      const terms = logs[id - 1] as readonly number[];
      return new Peer({ ...fields, id, voters, terms, hardState: { term: terms.at(-1) ?? 0 } });
    }),
  );
}

describe.each(MODES)('an election with %o', (mode) => {
  const [lost, stuck] = mode.preVote ? ['PreCandidate', 'PreCandidate'] : ['Candidate', 'Candidate'];

  test.each([
    { shape: [[], [], []], role: 'Leader', term: 1 },
    { shape: [[], [], 'dead'], role: 'Leader', term: 1 },
    { shape: [[], 'dead', 'dead'], role: stuck, term: mode.preVote ? 0 : 1 },
    { shape: [[], 'dead', 'dead', []], role: lost, term: mode.preVote ? 0 : 1 },
    { shape: [[], 'dead', 'dead', [], []], role: 'Leader', term: 1 },
    { shape: [[], [1], [1], [1, 1], []], role: 'Follower', term: 1 },
  ] as const)('in $shape makes the first node a $role', ({ shape, role, term }) => {
    const network = clusterOf(shape, mode);
    network.campaign(1);
    expect([network.roles[0], network.peer(1).raft.term]).toEqual([role, term]);
  });

  test('each node can win in its turn', () => {
    const network = Network.of(3, mode);
    for (const id of [1, 2, 3, 2, 1]) {
      network.campaign(id);
      expect(network.leader?.id).toBe(id);
      expect(new Set(network.termsNow).size).toBe(1);
    }
  });

  test('a winner overwrites newer entries that nobody committed', () => {
    // 1 wrote in term 1; 3, 4 and 5 heard of 2 in term 2, which wrote an entry and failed.
    const voters = [1, 2, 3, 4, 5];
    const logs = [[1], [1], [2], [], []];
    const network = new Network(
      voters.map((id) => {
        const term = [1, 1, 2, 2, 2][id - 1]!;
        const vote = id > 2 ? 3 : 0;
        return new Peer({ ...mode, id, voters, terms: logs[id - 1]!, hardState: { term, vote } });
      }),
    );
    network.campaign(1);
    network.campaign(1);
    expect(network.leader?.id).toBe(1);
    for (const peer of network.peers) expect([peer.terms.length, peer.terms[0]]).toEqual([2, 1]);
  });

  test('a node alone elects itself', () => {
    const network = Network.of(1, mode);
    network.campaign(1);
    expect(network.peer(1).state).toEqual(['StateLeader', 1, 1]);
  });

  test('a leader that is told to campaign does nothing', () => {
    const peer = new Peer(mode).lead();
    const before = peer.state;
    peer.raw.campaign();
    expect([peer.state, peer.flush()]).toEqual([before, []]);
    expect(peer.said.at(-1)).toBe('debug 1 ignoring MsgHup because already leader');
  });

  test('a candidate that loses gives up at once', () => {
    const peer = new Peer(mode);
    peer.raw.campaign();
    peer.flush();
    const term = peer.raft.term;
    const type = mode.preVote ? 'MsgPreVoteResp' : 'MsgVoteResp';
    peer.hear({ type, from: 2, reject: true });
    expect(peer.role).not.toBe('StateFollower');
    peer.hear({ type, from: 3, reject: true });
    expect(peer.state).toEqual(['StateFollower', term, 0]);
  });

  test('a member’s first vote counts, whatever it says later', () => {
    const peer = new Peer({ ...mode, voters: [1, 2, 3, 4, 5] });
    peer.raw.campaign();
    peer.flush();
    const type = mode.preVote ? 'MsgPreVoteResp' : 'MsgVoteResp';
    peer.hear({ type, from: 2, reject: true });
    peer.hear({ type, from: 2 });
    peer.hear({ type, from: 3 });
    expect(peer.role).not.toBe('StateLeader');
  });

  test('a candidate concedes to a leader of its term and takes its entries', () => {
    const network = Network.of(3, mode);
    network.isolate(1);
    network.campaign(1);
    network.campaign(3);
    network.recover();
    network.tick(3);
    network.propose(3, 'force follower');
    expect(network.peer(1).state).toEqual(['StateFollower', network.peer(3).raft.term, 3]);
    expect(network.peer(1).datas).toEqual(['force follower']);
  });

  test('the own vote counts only once it is durable', () => {
    const peer = new Peer({ ...mode, voters: [1] });
    peer.raw.campaign();
    expect(peer.role).not.toBe('StateLeader');
    const ready = peer.raw.ready();
    expect(ready.messages).toEqual([]);
    peer.write(ready);
    peer.raw.advance();
    peer.flush();
    expect(peer.role).toBe('StateLeader');
  });

  test('only the voters of both halves are asked, in order', () => {
    const confState = {
      voters: [1, 4],
      votersOutgoing: [2, 1],
      learners: [3],
      learnersNext: [],
      autoLeave: false,
    };
    const peer = new Peer({ ...mode, confState });
    peer.raw.campaign();
    const asked = ofType(peer.flush(), mode.preVote ? 'MsgPreVote' : 'MsgVote').map(({ to }) => to);
    expect(asked).toEqual([2, 4]);
  });
});

describe('duels', () => {
  test('a candidate with a shorter log cannot win, and drops back when it is refused', () => {
    const network = Network.of(3);
    network.cut(1, 3);
    network.campaign(1);
    network.campaign(3);
    expect(network.roles).toEqual(['Leader', 'Follower', 'Candidate']);
    network.recover();
    network.campaign(3);
    expect(network.roles).toEqual(['Follower', 'Follower', 'Follower']);
    expect([network.termsNow, network.peers.map(({ terms }) => terms)]).toEqual([
      [2, 2, 2],
      [[1], [1], []],
    ]);
  });

  test('a pre-candidate with a shorter log disturbs nobody and drops back when it is refused', () => {
    const network = Network.of(3, { preVote: true });
    network.cut(1, 3);
    network.campaign(1);
    network.campaign(3);
    expect(network.roles).toEqual(['Leader', 'Follower', 'Follower']);
    network.recover();
    network.campaign(3);
    expect(network.roles).toEqual(['Leader', 'Follower', 'Follower']);
    expect(network.termsNow).toEqual([1, 1, 1]);
  });

  test('a split pre-vote and vote is won on the next try', () => {
    const network = Network.of(3, { preVote: true });
    network.campaign(1);
    network.isolate(1);
    network.peer(2).raw.campaign();
    network.peer(3).raw.campaign();
    network.settle();
    expect(network.roles.slice(1)).toEqual(['Candidate', 'Candidate']);
    network.campaign(2);
    expect(network.roles.slice(1)).toEqual(['Leader', 'Follower']);
  });
});

describe('late messages to oneself', () => {
  test('a vote for a lost election is no vote in the next one', () => {
    const peer = new Peer({ voters: [1, 2] });
    peer.raw.campaign();
    const [own] = peer.raft.messagesAfterAppend;
    takeAll(peer);
    peer.raw.campaign();
    takeAll(peer);
    peer.raw.step(own!);
    peer.hear({ type: 'MsgVoteResp', from: 2 });
    expect(peer.role).toBe('StateCandidate');
  });

  test('a pre-vote for itself does not count once real votes are asked for', () => {
    const peer = new Peer({ preVote: true });
    peer.raw.campaign();
    const [own] = peer.raft.messagesAfterAppend;
    takeAll(peer);
    for (const from of [2, 3]) peer.hear({ type: 'MsgPreVoteResp', from, term: 1 });
    expect([peer.role, peer.raft.term]).toEqual(['StateCandidate', 1]);
    peer.raw.step(own!);
    expect(peer.said.some((line) => line.includes('received MsgPreVoteResp from 1'))).toBe(false);
    peer.hear({ type: 'MsgVoteResp', from: 2 });
    expect(peer.role).toBe('StateCandidate');
  });

  test('an acknowledgement of entries of an older term counts for nothing in a new one', () => {
    const peer = new Peer().lead({ isCommitting: false });
    peer.propose('x');
    const own = oneOf(peer.raft.messagesAfterAppend, 'MsgAppResp', 1);
    takeAll(peer);
    becomeFollower(peer.raft, 2, 2);
    peer.hear({ type: 'MsgApp', from: 2, index: 0, entries: [entry(2, 1)] });
    peer.raw.step(own);
    expect([peer.state, peer.raft.log.committed]).toEqual([['StateFollower', 2, 2], 0]);
  });
});

describe('mixed pre-vote settings', () => {
  const mixed = (): Network => {
    const voters = [1, 2, 3];
    const peers = voters.map((id) => new Peer({ id, voters, preVote: id !== 3 }));
    return new Network(peers);
  };

  test('cannot block each other: a pre-candidate of an older term is told the new one', () => {
    const network = mixed();
    network.campaign(1);
    network.isolate(3);
    network.propose(1, 'x');
    network.campaign(3);
    network.campaign(3);
    network.recover();
    network.isolate(1);
    // 3 is ahead in term and behind in the log; 2 must be able to win.
    network.campaign(3);
    network.campaign(2);
    expect(network.peer(2).raft.term).toBeGreaterThanOrEqual(network.peer(3).raft.term);
    network.campaign(2);
    expect(network.leader?.id === 2 || network.peer(2).role === 'StateLeader').toBe(true);
  });

  test('a pre-vote of an older term is refused with the present one, not ignored', () => {
    const peer = new Peer({ hardState: { term: 5 } });
    peer.hear({ type: 'MsgPreVote', from: 2, term: 3, index: 9, logTerm: 2 });
    expect(oneOf(takeAll(peer), 'MsgPreVoteResp')).toMatchObject({ to: 2, term: 5, reject: true });
  });

  test('a refused pre-vote of a higher term moves the pre-candidate to that term', () => {
    const peer = new Peer({ preVote: true });
    peer.raw.campaign();
    peer.hear({ type: 'MsgPreVoteResp', from: 2, term: 4, reject: true });
    expect(peer.state).toEqual(['StateFollower', 4, 0]);
  });

  test('a granted pre-vote, which is of the next term, does not', () => {
    const peer = new Peer({ preVote: true, voters: [1, 2, 3, 4, 5] });
    peer.raw.campaign();
    peer.hear({ type: 'MsgPreVoteResp', from: 2, term: 1 });
    expect(peer.state).toEqual(['StatePreCandidate', 0, 0]);
  });

  test('entries of an older term are answered with the present one, so that their sender steps down', () => {
    for (const fields of [{ preVote: true }, { checkQuorum: true }]) {
      const peer = new Peer({ ...fields, hardState: { term: 5 } });
      for (const type of ['MsgApp', 'MsgHeartbeat'] as const) {
        peer.hear({ type, from: 2, term: 3 });
        expect(oneOf(takeAll(peer), 'MsgAppResp')).toMatchObject({ to: 2, term: 5, index: 0, reject: false });
      }
    }
    const silent = new Peer({ hardState: { term: 5 } });
    silent.hear({ type: 'MsgApp', from: 2, term: 3 });
    expect(takeAll(silent)).toEqual([]);
  });
});

describe('nodes that cannot win', () => {
  test('learners, removed nodes and nodes whose snapshot is not written do not campaign', () => {
    const learner = new Peer({ voters: [2, 3], learners: [1] });
    const stranger = new Peer({ voters: [2, 3] });
    const restoring = new Peer({ storage: undefined });
    const snapshot = { index: 5, term: 1, confState: restoring.storage.confState, data: new Uint8Array() };
    restoring.hear({ type: 'MsgSnap', from: 2, term: 1, snapshot });
    for (const peer of [learner, stranger, restoring]) {
      peer.raw.campaign();
      peer.tick(25);
      expect(peer.role).toBe('StateFollower');
      expect(peer.said.at(-1)).toBe('warn 1 is unpromotable and can not campaign');
    }
    restoring.flush();
    restoring.raw.campaign();
    expect(restoring.role).toBe('StateCandidate');
  });

  test('a candidate hears nothing of being told to campaign at once', () => {
    const peer = new Peer();
    peer.raw.campaign();
    takeAll(peer);
    peer.raw.step(createMessage({ type: 'MsgTimeoutNow', from: 2, to: 1, term: 1 }));
    expect([peer.raft.term, takeAll(peer)]).toEqual([1, []]);
  });
});
