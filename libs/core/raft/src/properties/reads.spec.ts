import { describe, expect, test } from '@jest/globals';
import { createConfChange } from '../message/conf-change.js';
import { Network } from './network.js';
import { bytes, ofType, oneOf, Peer, type PeerFields, takeAll, text } from './peer.js';

const reads = (peer: Peer): [string, number][] =>
  peer.reads.map(({ context, index }) => [text({ data: context }), index]);

const ask = (peer: Peer, context: string): void => peer.raw.readIndex(bytes(context));

describe('a safe read', () => {
  test('is answered on every node, with an index that covers every write before it', () => {
    const network = Network.of(3);
    network.campaign(1);
    for (const [at, id] of [1, 2, 3, 1].entries()) {
      network.propose(1, `w${at}`);
      const committed = network.peer(1).raft.log.committed;
      ask(network.peer(id), `r${at}`);
      network.settle();
      expect(reads(network.peer(id)).at(-1)).toEqual([`r${at}`, committed]);
    }
  });

  test('is answered on learners, whose echoes confirm nothing', () => {
    const voters = { voters: [1, 2], learners: [3] };
    const network = new Network([1, 2, 3].map((id) => new Peer({ ...voters, id })));
    network.campaign(1);
    network.cut(1, 2);
    ask(network.peer(3), 'r');
    network.settle();
    expect(reads(network.peer(3))).toEqual([]);
    network.recover();
    network.tick(1);
    expect(reads(network.peer(3))).toEqual([['r', 1]]);
  });

  test('waits for a quorum of echoes to heartbeats sent after it was asked', () => {
    const peer = new Peer({ voters: [1, 2, 3, 4, 5] }).lead();
    ask(peer, 'r');
    const [beat] = ofType(peer.flush(), 'MsgHeartbeat');
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: beat!.context });
    expect(peer.raft.readStates).toEqual([]);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: beat!.context });
    expect(peer.raft.readStates).toEqual([]);
    peer.hear({ type: 'MsgHeartbeatResp', from: 3, context: beat!.context });
    expect(peer.raft.readStates).toMatchObject([{ index: 1 }]);
  });

  test('is answered with the index of when it was asked', () => {
    const peer = new Peer().lead();
    ask(peer, 'r');
    const [beat] = ofType(peer.flush(), 'MsgHeartbeat');
    peer.propose('later');
    peer.flush();
    peer.everybodyAcknowledges();
    expect(peer.raft.log.committed).toBe(2);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: beat!.context });
    expect(peer.raft.readStates).toMatchObject([{ index: 1 }]);
  });

  test('rides on later heartbeats if the first are lost', () => {
    const peer = new Peer().lead();
    ask(peer, 'r');
    peer.flush();
    peer.tick();
    const beat = oneOf(peer.flush(), 'MsgHeartbeat', 2);
    expect(beat.context.length).toBe(8);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: beat.context });
    expect(peer.raft.readStates.length).toBe(1);
    peer.flush();
    peer.tick();
    expect(oneOf(peer.flush(), 'MsgHeartbeat', 2).context.length).toBe(0);
  });

  test('repeated under the same context is not confirmed by echoes of the first one', () => {
    const network = Network.of(3);
    network.campaign(1);
    // 2 and 3 echo the first read; the echoes are late.
    const late: Parameters<Network['deliver']>[0][number][] = [];
    network.filter = (message) => {
      if (message.type === 'MsgHeartbeatResp' && message.from === 3) late.push(message);
      return message.type !== 'MsgHeartbeatResp' || message.from !== 3;
    };
    ask(network.peer(1), 'same');
    network.settle();
    expect(reads(network.peer(1))).toEqual([['same', 1]]);
    // Somebody else leads now and has committed more; 1 has not heard of it.
    network.recover();
    network.isolate(1);
    network.campaign(2);
    network.propose(2, 'newer');
    ask(network.peer(1), 'same');
    network.settle();
    network.peer(1).raw.step(late[0]!);
    network.settle();
    expect(reads(network.peer(1))).toEqual([['same', 1]]);
  });

  test('is forgotten with the leadership it was asked under', () => {
    const peer = new Peer().lead();
    ask(peer, 'r');
    const [beat] = ofType(peer.flush(), 'MsgHeartbeat');
    peer.hear({ type: 'MsgHeartbeat', from: 3, term: 2 });
    peer.raw.campaign();
    peer.flush();
    peer.hear({ type: 'MsgVoteResp', from: 2 });
    peer.flush();
    peer.everybodyAcknowledges();
    expect(peer.raft.readQueue.isWaiting).toBe(false);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: beat!.context });
    expect(peer.raft.readStates).toEqual([]);
  });

  test('passed to a former leader is passed on, or dropped without a leader', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.campaign(2);
    const former = network.peer(1);
    former.hear({
      type: 'MsgReadIndex',
      from: 3,
      term: 0,
      entries: [{ term: 0, index: 0, type: 'EntryNormal', data: bytes('r') }],
    });
    network.settle();
    expect(reads(network.peer(3))).toEqual([['r', 2]]);
    const lost = new Peer();
    ask(lost, 'r');
    expect([takeAll(lost), lost.said.at(-1)]).toEqual([
      [],
      'info 1 no leader at term 0; dropping index reading msg',
    ]);
  });

  test('is answered at once where nobody else decides', () => {
    const peer = new Peer({ voters: [1], learners: [2] }).lead();
    takeAll(peer);
    ask(peer, 'r');
    expect([peer.raft.readStates.length, takeAll(peer)]).toEqual([1, []]);
  });

  test('is not answered at once by a removed leader of a single other voter', () => {
    const peer = new Peer({ voters: [1, 2] }).lead();
    peer.change(createConfChange({ changes: [{ kind: 'remove', id: 1 }] }));
    ask(peer, 'r');
    expect(peer.raft.readStates).toEqual([]);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: oneOf(takeAll(peer), 'MsgHeartbeat').context });
    expect(peer.raft.readStates.length).toBe(1);
  });

  test('is answered when a smaller membership needs nobody’s echo any more', () => {
    const peer = new Peer({ voters: [1, 2] }).lead();
    ask(peer, 'r');
    expect(peer.raft.readStates).toEqual([]);
    peer.change(createConfChange({ changes: [{ kind: 'remove', id: 2 }] }));
    expect(peer.raft.readStates.length).toBe(1);
  });

  test('an answer that is none is reported and ignored', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 1 });
    peer.hear({ type: 'MsgReadIndexResp', from: 2, index: 5 });
    expect([peer.raft.readStates, peer.said.at(-1)]).toEqual([
      [],
      'error 1 invalid format of MsgReadIndexResp from 2, entries count: 0',
    ]);
  });
});

describe('a read of a new leader', () => {
  const fresh = (fields: PeerFields = {}): Peer =>
    new Peer({ terms: [1, 1], hardState: { term: 1, commit: 1 }, ...fields }).lead({ isCommitting: false });

  test('waits for the first commit of its term, and is not lost', () => {
    const peer = fresh();
    ask(peer, 'early');
    expect(ofType(peer.flush(), 'MsgHeartbeat')).toEqual([]);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(peer.raft.readQueue.isWaiting).toBe(false);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    const beat = oneOf(peer.flush(), 'MsgHeartbeat', 2);
    peer.hear({ type: 'MsgHeartbeatResp', from: 2, context: beat.context });
    expect(peer.raft.readStates).toMatchObject([{ index: 3 }]);
  });

  test('waits with leases and alone too: what was committed before may not be known', () => {
    const leased = fresh({ checkQuorum: true, readMode: 'lease-based' });
    ask(leased, 'r');
    expect(leased.raft.readStates).toEqual([]);
    leased.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    expect(leased.raft.readStates).toMatchObject([{ index: 3 }]);
    const alone = new Peer({ voters: [1], terms: [1, 1], hardState: { term: 1, commit: 1 } });
    alone.raw.campaign();
    alone.flushOne();
    expect(alone.role).toBe('StateLeader');
    ask(alone, 'r');
    expect(alone.raft.readStates).toEqual([]);
    alone.flush();
    expect(reads(alone)).toEqual([['r', 3]]);
  });

  test('that waited is forgotten when the leadership ends', () => {
    const peer = fresh();
    ask(peer, 'early');
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 9 });
    expect(peer.raft.postponedReads).toEqual([]);
  });

  test('is started by a change of membership that commits its first entry', () => {
    const peer = new Peer({ voters: [1, 2] }).lead({ isCommitting: false });
    ask(peer, 'r');
    peer.change(createConfChange({ changes: [{ kind: 'remove', id: 2 }] }));
    expect(peer.raft.readStates).toMatchObject([{ index: 1 }]);
  });
});

describe('a read by lease', () => {
  const leased = (): Peer => new Peer({ checkQuorum: true, readMode: 'lease-based' }).lead();

  test('is answered at once, also to followers', () => {
    const peer = leased();
    ask(peer, 'r');
    expect([peer.raft.readStates.length, ofType(takeAll(peer), 'MsgHeartbeat')]).toEqual([1, []]);
    peer.hear({
      type: 'MsgReadIndex',
      from: 2,
      term: 0,
      entries: [{ term: 0, index: 0, type: 'EntryNormal', data: bytes('s') }],
    });
    expect(oneOf(takeAll(peer), 'MsgReadIndexResp')).toMatchObject({ to: 2, index: 1 });
  });

  test('is not trusted once somebody was told to campaign at once', () => {
    const peer = leased();
    peer.raw.transferLeader(2);
    ask(peer, 'r');
    expect(peer.raft.readStates).toEqual([]);
    const context = oneOf(takeAll(peer), 'MsgHeartbeat', 3).context;
    peer.tick(10);
    ask(peer, 's');
    expect(peer.raft.readStates).toEqual([]);
    peer.hear({ type: 'MsgHeartbeatResp', from: 3, context });
    expect(peer.raft.readStates.length).toBe(1);
  });

  test('needs check-quorum', () => {
    expect(() => new Peer({ readMode: 'lease-based' })).toThrow('RAFT-12');
  });

  test('forbids followers to forget their leader', () => {
    const peer = new Peer({ checkQuorum: true, readMode: 'lease-based' });
    peer.hear({ type: 'MsgHeartbeat', from: 2, term: 1 });
    peer.raw.forgetLeader();
    expect([peer.raft.lead, peer.said.at(-1)]).toEqual([
      2,
      'error ignoring MsgForgetLeader due to ReadOnlyLeaseBased',
    ]);
  });
});
