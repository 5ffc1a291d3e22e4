import { describe, expect, test } from '@jest/globals';
import { encodedSize } from '../message/entry.js';
import { entry, ofType, oneOf, Peer, type PeerFields, takeAll } from './peer.js';

const appendsTo = (peer: Peer, to: number): number[] =>
  ofType(takeAll(peer), 'MsgApp')
    .filter((message) => message.to === to)
    .map(({ entries }) => entries.length);

const SIZE = encodedSize(entry(1, 1, 'x'.repeat(100)));
const proposeMany = (peer: Peer, count: number, size = 100): void => {
  for (let at = 0; at < count; at++) peer.propose('x'.repeat(size));
};

const streaming = (fields: PeerFields = {}): Peer => {
  const peer = new Peer({ voters: [1, 2], ...fields }).lead();
  takeAll(peer);
  return peer;
};

describe('a leader', () => {
  test('streams to itself', () => {
    expect(streaming().progress(1).state).toBe('StateReplicate');
  });
});

describe('probing', () => {
  const probing = (fields: PeerFields = {}): Peer => {
    const peer = streaming(fields);
    peer.raw.reportUnreachable(2);
    return peer;
  };

  test('sends one append and waits', () => {
    const peer = probing();
    proposeMany(peer, 3);
    expect(appendsTo(peer, 2)).toEqual([1]);
    expect(peer.progress(2)).toMatchObject({ state: 'StateProbe', isFlowPaused: true, next: 2 });
  });

  test('sends again on a heartbeat’s answer, one for each', () => {
    const peer = probing();
    proposeMany(peer, 3);
    takeAll(peer);
    for (let round = 0; round < 3; round++) {
      peer.tick();
      expect(appendsTo(peer, 2)).toEqual([]);
      peer.hear({ type: 'MsgHeartbeatResp', from: 2 });
      expect(appendsTo(peer, 2)).toEqual([3 + round]);
      peer.propose('more is not sent');
      expect(appendsTo(peer, 2)).toEqual([]);
    }
  });

  test('turns into streaming on an acknowledgement', () => {
    const peer = probing();
    proposeMany(peer, 2);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(peer.progress(2)).toMatchObject({ state: 'StateReplicate', match: 2, next: 4 });
  });

  test('with nothing to send goes on for every message that carries news', () => {
    const peer = probing();
    peer.hear({ type: 'MsgHeartbeatResp', from: 2 });
    expect(appendsTo(peer, 2)).toEqual([0]);
    expect(peer.progress(2).isPaused).toBe(false);
    peer.propose('x');
    expect(appendsTo(peer, 2)).toEqual([1]);
  });
});

describe('streaming', () => {
  test('sends every proposal at once', () => {
    const peer = streaming();
    proposeMany(peer, 10);
    expect(appendsTo(peer, 2)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  test('waits while the window is full and goes on as it empties', () => {
    const peer = streaming({ maxInflightMsgs: 3 });
    proposeMany(peer, 8);
    expect(appendsTo(peer, 2)).toEqual([1, 1, 1]);
    expect([peer.progress(2).isPaused, peer.progress(2).inflights.isFull]).toEqual([true, true]);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(appendsTo(peer, 2)).toEqual([5]);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(appendsTo(peer, 2)).toEqual([]);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 4 });
    expect(peer.progress(2).inflights.count).toBe(1);
    proposeMany(peer, 3);
    expect(appendsTo(peer, 2)).toEqual([1, 1]);
  });

  test('an acknowledgement of an earlier append frees only what it covers', () => {
    const peer = streaming({ maxInflightMsgs: 4 });
    proposeMany(peer, 4);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    expect(peer.progress(2).inflights.count).toBe(2);
  });

  test('sends as many limited messages per acknowledgement as the window takes', () => {
    const peer = streaming({ maxInflightMsgs: 3, maxSizePerMsg: 2 * SIZE });
    proposeMany(peer, 12);
    expect(appendsTo(peer, 2)).toEqual([1, 1, 1]);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 4 });
    expect(appendsTo(peer, 2)).toEqual([2, 2, 2]);
    expect(peer.progress(2).inflights.count).toBe(3);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 10 });
    expect(appendsTo(peer, 2)).toEqual([2, 1]);
  });

  test('limits the window by bytes too, passing the limit by one message at most', () => {
    const peer = streaming({ maxInflightMsgs: 100, maxSizePerMsg: 250, maxInflightBytes: 250 });
    proposeMany(peer, 5);
    expect(appendsTo(peer, 2)).toEqual([1, 1, 1]);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3 });
    expect(appendsTo(peer, 2)).toEqual([2]);
  });

  test('sends an entry larger than every limit alone', () => {
    const peer = streaming({ maxSizePerMsg: 250, maxInflightBytes: 250 });
    proposeMany(peer, 1, 4000);
    expect(appendsTo(peer, 2)).toEqual([1]);
    expect(peer.progress(2).isPaused).toBe(true);
  });

  test('with the window full answers a heartbeat’s answer by an empty append, once each', () => {
    const peer = streaming({ maxInflightMsgs: 2 });
    proposeMany(peer, 4);
    takeAll(peer);
    for (let round = 0; round < 3; round++) {
      peer.hear({ type: 'MsgHeartbeatResp', from: 2 });
      expect(appendsTo(peer, 2)).toEqual([0]);
      expect([peer.progress(2).inflights.count, peer.progress(2).isPaused]).toEqual([2, true]);
      peer.propose('x');
      expect(appendsTo(peer, 2)).toEqual([]);
    }
  });

  test('a refusal of what was streamed starts probing from the match', () => {
    const peer = streaming();
    proposeMany(peer, 3);
    takeAll(peer);
    peer.hear({ type: 'MsgAppResp', from: 2, index: 3, reject: true, rejectHint: 1 });
    expect(peer.progress(2)).toMatchObject({ state: 'StateProbe', match: 1, next: 2, isFlowPaused: true });
    expect(appendsTo(peer, 2)).toEqual([3]);
  });

  test('an unreachable member is probed, others stay as they are', () => {
    const peer = streaming();
    proposeMany(peer, 2);
    peer.raw.reportUnreachable(2);
    expect(peer.progress(2)).toMatchObject({ state: 'StateProbe', next: 2 });
    peer.progress(2).becomeSnapshot(3);
    peer.raw.reportUnreachable(2);
    expect(peer.progress(2).state).toBe('StateSnapshot');
  });
});

describe('heartbeats', () => {
  test('go out every heartbeat tick, with no log position, and only from the leader', () => {
    const peer = new Peer({ heartbeatTick: 3 }).lead();
    peer.tick(2);
    expect(takeAll(peer)).toEqual([]);
    peer.tick();
    const beats = takeAll(peer);
    expect(beats.map(({ type, to, logTerm, index }) => [type, to, logTerm, index])).toEqual([
      ['MsgHeartbeat', 2, 0, 0],
      ['MsgHeartbeat', 3, 0, 0],
    ]);
    const follower = new Peer();
    follower.raw.raft.electionElapsed = 0;
    follower.tick(3);
    expect(takeAll(follower)).toEqual([]);
  });

  test('are echoed with their context', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgHeartbeat', term: 1, context: Uint8Array.of(7) });
    expect(oneOf(takeAll(peer), 'MsgHeartbeatResp')).toMatchObject({ to: 2, context: Uint8Array.of(7) });
  });
});
