import { describe, expect, test } from '@jest/globals';
import { confChangeEntry } from '../message/conf-change.js';
import { type Entry, unplacedEntry } from '../message/entry.js';
import { change, members } from './changes.js';
import { ofType, Peer, takeAll } from './peer.js';

describe('a proposed change', () => {
  test('enters the log and holds the next one back until it is applied', () => {
    const peer = new Peer().lead();
    expect(peer.raw.proposeConfChange(change('v4'))).toBe('accepted');
    expect([peer.terms.length, peer.raft.pendingConfIndex]).toEqual([2, 2]);
    expect(peer.raw.proposeConfChange(change('v5'))).toBe('accepted');
    const [, second, third] = peer.raft.log.slice(1, 4, Infinity) as readonly Entry[];
    expect([second!.type, third!.type, third!.data.length]).toEqual(['EntryConfChangeV2', 'EntryNormal', 0]);
    expect(peer.said.at(-1)).toBe(
      'info 1 ignoring conf change transition:ConfChangeTransitionAuto changes:{type:ConfChangeAddNode node_id:5} ' +
        'at config voters=(1 2 3): possible unapplied conf change at index 2 (applied to 1)',
    );
    expect(peer.raft.pendingConfIndex).toBe(2);
  });

  test('among other entries is judged at its own place', () => {
    const peer = new Peer().lead();
    peer.hear({
      type: 'MsgProp',
      term: 0,
      entries: [
        unplacedEntry(Uint8Array.of(1)),
        confChangeEntry(change('v4')),
        confChangeEntry(change('v5')),
      ],
    });
    const entries = peer.raft.log.slice(2, 5, Infinity) as readonly Entry[];
    expect(entries.map(({ type }) => type)).toEqual(['EntryNormal', 'EntryConfChangeV2', 'EntryNormal']);
    expect(peer.raft.pendingConfIndex).toBe(3);
  });

  test('is held back by a new leader until its own first entry is applied', () => {
    const peer = new Peer({ terms: [1, 1], hardState: { term: 1 } }).lead({ isCommitting: false });
    expect(peer.raft.pendingConfIndex).toBe(2);
    peer.raw.proposeConfChange(change('v4'));
    expect(peer.raft.log.lastIndex()).toBe(4);
    expect((peer.raft.log.slice(4, 5, Infinity) as readonly Entry[])[0]!.type).toBe('EntryNormal');
    const alone = new Peer({ voters: [1] });
    alone.raw.campaign();
    alone.flushOne();
    expect([alone.raft.pendingConfIndex, alone.raft.log.lastIndex()]).toEqual([0, 1]);
  });

  test('that no membership could go through is turned into nothing, instead of stopping every node later', () => {
    const peer = new Peer({ voters: [1] }).lead();
    for (const one of [change('r1'), change('l1'), change('l1 l2')]) {
      peer.raw.proposeConfChange(one);
      peer.flush();
      expect([members(peer), peer.raft.pendingConfIndex]).toEqual(['voters=(1)', 0]);
      expect(peer.said.some((line) => line.endsWith(': removed all voters'))).toBe(true);
    }
  });

  test('that is none is dropped', () => {
    const peer = new Peer().lead();
    const entries = [unplacedEntry(Uint8Array.of(99), 'EntryConfChangeV2')];
    expect(peer.hear({ type: 'MsgProp', term: 0, entries })).toBe('proposal-dropped');
    expect(peer.raft.log.lastIndex()).toBe(1);
  });

  test('to leave is refused outside a joint membership, and everything else inside one', () => {
    const peer = new Peer({ voters: [1] }).lead();
    peer.raw.proposeConfChange(change(''));
    peer.flush();
    expect(peer.said.some((line) => line.endsWith('not in joint state; refusing empty conf change'))).toBe(
      true,
    );
    peer.raw.proposeConfChange(change('l2', { transition: 'explicit' }));
    peer.flush();
    expect(members(peer)).toBe('voters=(1)&&(1) learners=(2)');
    peer.raw.proposeConfChange(change('v3'));
    peer.flush();
    expect(peer.said.some((line) => line.endsWith('must transition out of joint config first'))).toBe(true);
    peer.raw.proposeConfChange(change(''));
    peer.flush();
    expect(members(peer)).toBe('voters=(1) learners=(2)');
  });

  test('passes unjudged where the application takes care', () => {
    const peer = new Peer({ disableConfChangeValidation: true }).lead();
    peer.raw.proposeConfChange(change('v4'));
    peer.raw.proposeConfChange(change('v5'));
    const entries = peer.raft.log.slice(2, 4, Infinity) as readonly Entry[];
    expect(entries.map(({ type }) => type)).toEqual(['EntryConfChangeV2', 'EntryConfChangeV2']);
    expect(() => peer.change(change('r1 r2 r3'))).toThrow('RAFT-19');
  });

  test('of the first version is carried out alike', () => {
    const peer = new Peer({ voters: [1] }).lead();
    peer.raw.proposeConfChange(change('v2'), { version: 1 });
    peer.flush();
    expect([members(peer), peer.applied.at(-1)?.type]).toEqual(['voters=(1 2)', 'EntryConfChange']);
  });
});

describe('changes of every kind', () => {
  test.each([
    { start: [1], learners: [], one: change('v2'), inside: undefined, after: 'voters=(1 2)' },
    { start: [1], learners: [], one: change('l2'), inside: undefined, after: 'voters=(1) learners=(2)' },
    { start: [1], learners: [], one: change('u1'), inside: undefined, after: 'voters=(1)' },
    { start: [1], learners: [2], one: change('v2'), inside: undefined, after: 'voters=(1 2)' },
    { start: [1], learners: [2], one: change('r2'), inside: undefined, after: 'voters=(1)' },
    {
      start: [1],
      learners: [],
      one: change('v2', { transition: 'explicit' }),
      inside: 'voters=(1 2)&&(1)',
      after: 'voters=(1 2)',
    },
    {
      start: [1],
      learners: [],
      one: change('v2', { transition: 'implicit' }),
      inside: 'voters=(1 2)&&(1) autoleave',
      after: 'voters=(1 2)',
    },
    {
      start: [1],
      learners: [],
      one: change('v2 l1 l3'),
      inside: 'voters=(2)&&(1) learners=(3) learners_next=(1) autoleave',
      after: 'voters=(2) learners=(1 3)',
    },
    {
      start: [1],
      learners: [],
      one: change('v2 l1 l3', { transition: 'explicit' }),
      inside: 'voters=(2)&&(1) learners=(3) learners_next=(1)',
      after: 'voters=(2) learners=(1 3)',
    },
    {
      start: [1],
      learners: [2],
      one: change('v2 v3 r1'),
      inside: 'voters=(2 3)&&(1) autoleave',
      after: 'voters=(2 3)',
    },
  ])('from $start lead to $after', ({ start, learners, one, inside, after }) => {
    const peer = new Peer({ voters: start, learners }).lead();
    peer.raw.proposeConfChange(one);
    const isApplied = (): boolean => peer.applied.some(({ type }) => type !== 'EntryNormal');
    for (let rounds = 0; rounds < 10 && !isApplied(); rounds++) peer.flushOne();
    expect(members(peer)).toBe(inside ?? after);
    if (inside === undefined) return;
    if (!inside.includes('autoleave')) peer.raw.proposeConfChange(change(''));
    for (let round = 0; round < 3; round++) {
      peer.flush();
      // Whoever was added has to agree to the end of it.
      for (const from of peer.raft.tracker.membership.incoming) {
        if (from !== 1) peer.hear({ type: 'MsgAppResp', from, index: peer.raft.log.lastIndex() });
      }
    }
    expect(members(peer)).toBe(after);
  });

  test('twice the same does not disturb what is known', () => {
    const peer = new Peer({ voters: [1] }).lead();
    for (const text of ['v2', 'v2']) {
      peer.raw.proposeConfChange(change(text));
      for (let round = 0; round < 2; round++) {
        peer.flush();
        if (peer.progress(2)) peer.hear({ type: 'MsgAppResp', from: 2, index: peer.raft.log.lastIndex() });
      }
    }
    expect([members(peer), peer.progress(2).match > 0]).toEqual(['voters=(1 2)', true]);
  });

  test('a voter added can be fed at once', () => {
    const peer = new Peer({ voters: [1] }).lead();
    peer.raw.proposeConfChange(change('v2'));
    const appends = ofType(peer.flush(), 'MsgApp');
    expect(appends.map(({ to, index }) => [to, index])).toEqual([[2, 1]]);
  });

  test('removing a member lets the others commit what waits, and tells them', () => {
    const peer = new Peer({ voters: [1, 2, 3, 4] }).lead();
    peer.propose('x');
    peer.flush();
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    peer.flush();
    expect(peer.raft.log.committed).toBe(1);
    peer.change(change('r4'));
    expect(peer.raft.log.committed).toBe(2);
    expect(ofType(takeAll(peer), 'MsgApp').map(({ to, commit }) => [to, commit])).toEqual([
      [2, 2],
      [3, 2],
    ]);
  });
});
