import { describe, expect, test } from '@jest/globals';
import { ofType, Peer, takeAll } from './peer.js';

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
    {
      what: 'a stale refusal',
      fields: { index: 3, reject: true, rejectHint: 3 },
      match: 0,
      next: 1,
      sent: 0,
    },
    {
      what: 'the refusal of its probe',
      fields: { index: 0, reject: true, rejectHint: 0 },
      match: 0,
      next: 1,
      sent: 1,
    },
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

describe('a snapshot message without a snapshot', () => {
  test('is not taken for one', () => {
    const peer = new Peer();
    expect(peer.hear({ type: 'MsgSnap', term: 1 })).toBe('accepted');
    expect(takeAll(peer)).toEqual([]);
  });
});
