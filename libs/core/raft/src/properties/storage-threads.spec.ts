import { describe, expect, test } from '@jest/globals';
import { APPEND_THREAD, APPLY_THREAD } from '../message/entry.js';
import { createMessage, type Message } from '../message/message.js';
import { change, members, placed } from './changes.js';
import {
  entry,
  logOf,
  membersOf,
  ofType,
  oneOf,
  Peer,
  type PeerFields,
  snapshotOf,
  takeAll,
} from './peer.js';

const peerOf = (fields: PeerFields = {}): Peer => new Peer({ asyncStorageWrites: true, ...fields });

const appendOf = (peer: Peer): Message => oneOf(peer.raw.ready().messages, 'MsgStorageAppend');

/** Does what the append thread would do, and lets its answers to the node itself arrive. */
function finish(peer: Peer, { term, vote, commit, entries, snapshot, responses }: Message): Message[] {
  peer.write({ hardState: term > 0 ? { term, vote, commit } : undefined, entries, snapshot });
  for (const response of responses) if (response.to === 1) peer.raw.step(response);
  return responses.filter(({ to }) => to !== 1);
}

const types = (messages: readonly Message[]): string[] => messages.map(({ type }) => type);

describe('work for the append thread', () => {
  test('carries what is to be written and, behind it, what may be said then', () => {
    const peer = peerOf();
    peer.hear({ type: 'MsgApp', term: 1, entries: logOf([1, 1]), commit: 1 });
    const ready = peer.raw.ready();
    expect(types(ready.messages)).toEqual(['MsgStorageAppend']);
    const [work] = ready.messages;
    expect(work).toMatchObject({ from: 1, to: APPEND_THREAD, term: 1, vote: 0, commit: 1 });
    expect([work!.entries.length, types(work!.responses)]).toEqual([
      2,
      ['MsgAppResp', 'MsgStorageAppendResp'],
    ]);
    expect(work!.responses[1]).toMatchObject({ from: APPEND_THREAD, to: 1, term: 1, index: 2, logTerm: 1 });
  });

  test('counts a leader’s own entries before they leave the unstable log', () => {
    const peer = peerOf({ voters: [1] });
    peer.raw.campaign();
    finish(peer, appendOf(peer));
    const work = appendOf(peer);
    expect(work.responses.map(({ type, to }) => [type, to])).toEqual([
      ['MsgAppResp', 1],
      ['MsgStorageAppendResp', 1],
    ]);
  });

  test('tells the hard state only when it changed', () => {
    const peer = peerOf();
    peer.hear({ type: 'MsgApp', term: 1, entries: logOf([1]) });
    finish(peer, appendOf(peer));
    peer.hear({ type: 'MsgApp', index: 1, logTerm: 1, entries: logOf([1], 2) });
    expect(appendOf(peer)).toMatchObject({ term: 0, vote: 0, commit: 0 });
  });

  test('is there for answers alone, and not for nothing', () => {
    const peer = peerOf({ terms: [1], hardState: { term: 1, commit: 1 }, applied: 1 });
    peer.hear({ type: 'MsgApp', index: 0, logTerm: 0 });
    peer.flush();
    peer.hear({ type: 'MsgApp', index: 0, logTerm: 0 });
    expect(types(appendOf(peer).responses)).toEqual(['MsgAppResp']);
    peer.hear({ type: 'MsgHeartbeat' });
    expect(types(peer.raw.ready().messages)).toEqual(['MsgHeartbeatResp']);
  });

  test('speaks of the whole log, also of entries in earlier work', () => {
    const peer = peerOf();
    peer.hear({ type: 'MsgApp', term: 1, entries: logOf([1]) });
    appendOf(peer);
    peer.hear({ type: 'MsgHeartbeat', commit: 1 });
    const [answer] = appendOf(peer).responses;
    expect(answer).toMatchObject({ type: 'MsgStorageAppendResp', index: 1, logTerm: 1 });
  });

  test('answers in the term of when it was handed out', () => {
    const peer = peerOf();
    peer.hear({ type: 'MsgApp', term: 3, entries: logOf([2]) });
    expect(appendOf(peer).responses.map(({ term }) => term)).toEqual([3, 3]);
  });
});

describe('confirmations of the append thread', () => {
  test('of an older term confirm nothing: the same entry may have been replaced and come back', () => {
    const peer = peerOf({ voters: [1, 2, 3] });
    peer.hear({ type: 'MsgApp', term: 1, entries: [entry(1, 1, 'a')] });
    const first = appendOf(peer);
    // Another leader replaces the entry, and a third brings it back; none of that is written yet.
    peer.hear({ type: 'MsgApp', from: 3, term: 2, entries: [entry(2, 1, 'b')] });
    const second = appendOf(peer);
    peer.hear({ type: 'MsgApp', from: 2, term: 3, entries: [entry(1, 1, 'a')] });
    const third = appendOf(peer);
    expect(finish(peer, first).length).toBe(1);
    expect(peer.raft.log.unstable.entries.length).toBe(1);
    expect(peer.said.at(-1)).toBe(
      'info 1 [term: 3] ignored entry appends from a MsgStorageAppendResp message with lower term [term: 1]',
    );
    finish(peer, second);
    expect(peer.raft.log.unstable.entries.length).toBe(1);
    finish(peer, third);
    expect(peer.raft.log.unstable.entries.length).toBe(0);
  });

  test('of a snapshot count in whatever term', () => {
    const peer = peerOf();
    peer.hear({ type: 'MsgSnap', term: 1, snapshot: snapshotOf(5, 1, membersOf([1, 2, 3])) });
    const work = appendOf(peer);
    expect(work.snapshot?.index).toBe(5);
    peer.hear({ type: 'MsgHeartbeat', term: 4, from: 3 });
    finish(peer, work);
    expect([peer.raft.log.unstable.snapshot, peer.raft.log.applied]).toEqual([undefined, 5]);
  });

  test('of a snapshot free the way for what follows it', () => {
    const peer = peerOf();
    peer.hear({ type: 'MsgSnap', term: 1, snapshot: snapshotOf(5, 1, membersOf([1, 2, 3])) });
    const work = appendOf(peer);
    peer.hear({ type: 'MsgApp', index: 5, logTerm: 1, entries: logOf([1], 6), commit: 6 });
    const next = peer.raw.ready();
    expect([next.snapshot, next.committedEntries]).toEqual([undefined, []]);
    finish(peer, work);
    expect(peer.raw.ready().committedEntries).toEqual([]);
    finish(peer, oneOf(next.messages, 'MsgStorageAppend'));
    expect(peer.raw.ready().committedEntries.map(({ index }) => index)).toEqual([6]);
  });
});

describe('work for the apply thread', () => {
  const committed = (): Peer => {
    const peer = peerOf();
    peer.hear({ type: 'MsgApp', term: 1, entries: logOf([1, 1]), commit: 2 });
    return peer;
  };

  test('holds nothing that this node could still forget', () => {
    const peer = committed();
    const ready = peer.raw.ready();
    expect([ready.committedEntries, types(ready.messages)]).toEqual([[], ['MsgStorageAppend']]);
    finish(peer, ready.messages[0]!);
    const next = peer.raw.ready();
    expect(next.committedEntries.map(({ index }) => index)).toEqual([1, 2]);
    expect(oneOf(next.messages, 'MsgStorageApply')).toMatchObject({ to: APPLY_THREAD, from: 1, term: 0 });
  });

  test('in synchronous mode holds what the same Ready writes', () => {
    const peer = new Peer();
    peer.hear({ type: 'MsgApp', term: 1, entries: logOf([1, 1]), commit: 2 });
    expect(peer.raw.ready().committedEntries.map(({ index }) => index)).toEqual([1, 2]);
  });

  test('is confirmed with its entries, in no term', () => {
    const peer = committed();
    finish(peer, appendOf(peer));
    const work = oneOf(peer.raw.ready().messages, 'MsgStorageApply');
    expect(work.responses).toMatchObject([
      { type: 'MsgStorageApplyResp', from: APPLY_THREAD, to: 1, term: 0 },
    ]);
    expect(work.responses[0]!.entries).toEqual(work.entries);
    peer.hear({ type: 'MsgHeartbeat', term: 9, from: 3 });
    peer.raw.step(work.responses[0]!);
    expect(peer.raft.log.applied).toBe(2);
  });

  test('may be overtaken by a snapshot, whose membership is not touched by older changes then', () => {
    const peer = peerOf({ voters: [1, 2] });
    const add = placed(change('v3'), 1, 1);
    peer.hear({ type: 'MsgApp', term: 1, entries: [add], commit: 1 });
    finish(peer, appendOf(peer));
    expect(peer.raw.ready().committedEntries).toEqual([add]);
    peer.hear({ type: 'MsgSnap', snapshot: snapshotOf(9, 1, membersOf([1, 2, 4])) });
    expect(peer.raw.applyConfChange(change('v3'), 1)).toBeUndefined();
    expect(members(peer)).toBe('voters=(1 2 4)');
    expect(peer.raw.applyConfChange(change('v3'), 10)?.voters).toEqual([1, 2, 3, 4]);
  });

  test('that did nothing confirms nothing', () => {
    const peer = peerOf();
    peer.raw.step(createMessage({ type: 'MsgStorageApplyResp', from: APPLY_THREAD, to: 1 }));
    expect(peer.raft.log.applied).toBe(0);
  });
});

describe('pipelining', () => {
  test('goes on handing out while earlier work is not done', () => {
    const peer = peerOf({ voters: [1, 2] }).lead({ isCommitting: false });
    while (peer.work.length > 0) finish(peer, peer.work.shift()!);
    peer.hear({ type: 'MsgVoteResp' });
    const works = ['a', 'b', 'c'].map((data) => {
      peer.propose(data);
      return appendOf(peer);
    });
    expect(works.map(({ entries }) => entries.map(({ data }) => data.length))).toEqual([[0, 1], [1], [1]]);
    finish(peer, works[0]!);
    expect(peer.progress(1).match).toBe(2);
    expect(ofType(takeAll(peer), 'MsgStorageAppend')).toEqual([]);
  });

  test('a vote for itself counts when it is written, not when it is cast', () => {
    const peer = peerOf({ voters: [1] });
    peer.raw.campaign();
    const work = appendOf(peer);
    expect(types(work.responses)).toEqual(['MsgVoteResp']);
    expect(peer.role).toBe('StateCandidate');
    finish(peer, work);
    expect(peer.role).toBe('StateLeader');
  });
});
