import { describe, expect, test } from '@jest/globals';
import { describeMembership } from '../debug/describe-state.js';
import {
  type ConfChange,
  confChangeEntry,
  type ConfChangeKind,
  createConfChange,
  decodeConfChange,
} from '../message/conf-change.js';
import { type Entry, unplacedEntry } from '../message/entry.js';
import { Network } from './network.js';
import { membersOf, ofType, Peer, PeerStorage, type PeerFields, takeAll } from './peer.js';

const change = (text: string, fields: Partial<ConfChange> = {}): ConfChange => {
  const kinds: Record<string, ConfChangeKind> = { v: 'add-voter', l: 'add-learner', r: 'remove', u: 'update' };
  const tokens = text.split(' ').filter((token) => token !== '');
  const changes = tokens.map((token) => ({ kind: kinds[token[0]!]!, id: Number(token.slice(1)) }));
  return createConfChange({ changes, ...fields });
};

const placed = (one: ConfChange, term: number, index: number): Entry => ({ ...confChangeEntry(one), term, index });

const members = (peer: Peer): string => describeMembership(peer.raft.tracker.membership);

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
      entries: [unplacedEntry(Uint8Array.of(1)), confChangeEntry(change('v4')), confChangeEntry(change('v5'))],
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
    expect(peer.said.some((line) => line.endsWith('not in joint state; refusing empty conf change'))).toBe(true);
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
    expect(() => peer.raw.applyConfChange(change('r1 r2 r3'))).toThrow('RAFT-19');
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
    peer.raw.applyConfChange(change('r4'));
    expect(peer.raft.log.committed).toBe(2);
    expect(ofType(takeAll(peer), 'MsgApp').map(({ to, commit }) => [to, commit])).toEqual([
      [2, 2],
      [3, 2],
    ]);
  });
});

describe('leaving a joint membership by itself', () => {
  const joint = (fields: PeerFields = {}): Peer => {
    const confState = { ...membersOf([1]), votersOutgoing: [1], autoLeave: true };
    return new Peer({ confState, ...fields });
  };

  test('is proposed by a new leader as soon as it has applied everything before its term, and once', () => {
    const peer = joint();
    peer.lead();
    expect([members(peer), peer.terms.length]).toEqual(['voters=(1)', 2]);
    const leave = peer.applied.at(-1)!;
    expect([leave.type, leave.data.length, decodeConfChange(leave)?.changes]).toEqual(['EntryConfChangeV2', 0, []]);
  });

  test('waits for everything that may change the membership before it', () => {
    const peer = joint({ terms: [1, 1], hardState: { term: 1, commit: 2 }, maxCommittedSizePerReady: 1 });
    peer.raw.campaign();
    peer.flushOne();
    const proposed = (): boolean => peer.said.some((line) => line.includes('initiating automatic transition'));
    const applied: [number, boolean][] = [];
    for (let rounds = 0; rounds < 10 && !proposed(); rounds++) {
      peer.flushOne();
      applied.push([peer.raft.log.applied, proposed()]);
    }
    expect(applied.find(([, isProposed]) => isProposed)?.[0]).toBe(2);
    expect(applied.filter(([index]) => index < 2).every(([, isProposed]) => !isProposed)).toBe(true);
  });

  test('is not proposed by followers', () => {
    const peer = joint({ terms: [1, 1], voters: [1], hardState: { term: 1, commit: 2 } });
    peer.flush();
    expect([peer.raft.log.applied, peer.terms.length]).toEqual([2, 2]);
  });

  test('is tried again on every later occasion if it was dropped', () => {
    const confState = { ...membersOf([1, 2]), votersOutgoing: [1, 2], autoLeave: true };
    const peer = new Peer({ confState }).lead({ isCommitting: false });
    peer.raw.transferLeader(2);
    peer.everybodyAcknowledges();
    expect(members(peer)).toContain('autoleave');
    expect(peer.said.some((line) => line.startsWith('debug not initiating automatic transition'))).toBe(true);
    peer.raw.transferLeader(1);
    peer.propose('x');
    peer.flush();
    peer.everybodyAcknowledges();
    peer.everybodyAcknowledges();
    expect(members(peer)).toBe('voters=(1 2)');
  });

  test('is left to the next leader if this one is gone before', () => {
    const confState = { ...membersOf([1, 2, 3]), votersOutgoing: [2], autoLeave: true };
    const voters = [1, 2, 3];
    const network = new Network(voters.map((id) => new Peer({ id, confState })));
    network.filter = ({ type, entries }) => type !== 'MsgApp' || entries.every((one) => one.type === 'EntryNormal');
    network.campaign(1);
    expect([members(network.peer(1)).endsWith('autoleave'), network.peer(1).terms]).toEqual([true, [1, 1]]);
    network.recover();
    network.campaign(2);
    network.tick(2);
    expect(network.peers.map(members)).toEqual(voters.map(() => 'voters=(1 2 3)'));
    expect(network.peer(1).terms).toEqual([1, 2, 2]);
  });
});

describe('a leader that is removed or demoted', () => {
  test.each(['r1', 'l1'])('by %s steps down if told so, and else leads on', (text) => {
    const eager = new Peer({ stepDownOnRemoval: true }).lead();
    eager.raw.applyConfChange(change(text));
    expect(eager.state).toEqual(['StateFollower', 1, 0]);
    const patient = new Peer().lead();
    patient.raw.applyConfChange(change(text));
    expect(patient.role).toBe('StateLeader');
  });

  test('adds nothing to the log, counts itself no more, but brings the others on', () => {
    const peer = new Peer({ voters: [1, 2, 3] }).lead();
    peer.propose('x');
    peer.flush();
    peer.raw.applyConfChange(change('r1'));
    expect(peer.propose('y')).toBe('proposal-dropped');
    peer.hear({ type: 'MsgAppResp', from: 2, index: 2 });
    expect(peer.raft.log.committed).toBe(1);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 2 });
    expect(peer.raft.log.committed).toBe(2);
    takeAll(peer);
    peer.tick();
    expect(takeAll(peer).map(({ to }) => to)).toEqual([2, 3]);
  });

  test('hears no more from members it has removed', () => {
    const peer = new Peer().lead();
    peer.raw.applyConfChange(change('r3'));
    expect(peer.hear({ type: 'MsgAppResp', from: 3, index: 1 })).toBe('peer-not-found');
    expect(peer.hear({ type: 'MsgHeartbeatResp', from: 3 })).toBe('peer-not-found');
    expect(peer.raft.peers).toEqual([2]);
  });
});

describe('campaigning with changes under way', () => {
  test.each(['follower', 'transfer target'])('a %s that has committed but not applied one must not', (role) => {
    const storage = new PeerStorage();
    storage.confState = membersOf([1, 2, 3]);
    storage.append([placed(change('r3'), 1, 1)]);
    storage.setHardState({ term: 1, vote: 0, commit: 1 });
    const peer = new Peer({ storage });
    const campaign = (): void => {
      if (role === 'follower') peer.raw.campaign();
      else peer.hear({ type: 'MsgTimeoutNow', from: 2 });
    };
    campaign();
    expect([peer.role, peer.said.at(-1)]).toEqual([
      'StateFollower',
      'warn 1 cannot campaign at term 1 since there are still pending configuration changes to apply',
    ]);
    peer.flush();
    campaign();
    expect(peer.role).toBe('StateCandidate');
  });

  test('looks through all pages of what is not applied', () => {
    const storage = new PeerStorage();
    storage.confState = membersOf([1, 2, 3]);
    const normal = { ...unplacedEntry(new Uint8Array(9)), term: 1 };
    storage.append([{ ...normal, index: 1 }, { ...normal, index: 2 }, placed(change('r3'), 1, 3)]);
    storage.setHardState({ term: 1, vote: 0, commit: 3 });
    const peer = new Peer({ storage, maxCommittedSizePerReady: 1 });
    peer.raw.campaign();
    expect(peer.role).toBe('StateFollower');
  });

  test('one that is appended and not committed stands in nobody’s way', () => {
    const storage = new PeerStorage();
    storage.confState = membersOf([1, 2, 3]);
    storage.append([placed(change('r3'), 1, 1)]);
    storage.setHardState({ term: 1, vote: 0, commit: 0 });
    const peer = new Peer({ storage });
    peer.raw.campaign();
    expect(peer.role).toBe('StateCandidate');
  });
});

describe('learners', () => {
  test('follow, do not count, and can be promoted and lead then', () => {
    const network = new Network([1, 2].map((id) => new Peer({ id, voters: [1], learners: [2] })));
    network.campaign(1);
    network.propose(1, 'x');
    expect([network.peer(2).datas, network.peer(1).raft.log.committed]).toEqual([['x'], 2]);
    network.tick(2, 30);
    expect(network.peer(2).role).toBe('StateFollower');
    network.peer(1).raw.proposeConfChange(change('v2'));
    network.settle();
    expect(network.peer(2).raft.isLearner).toBe(false);
    network.campaign(2);
    expect(network.leader?.id).toBe(2);
  });

  test('an answer of a learner commits nothing', () => {
    const peer = new Peer({ voters: [1, 2], learners: [3] }).lead({ isCommitting: false });
    peer.hear({ type: 'MsgAppResp', from: 3, index: 1 });
    expect(peer.raft.log.committed).toBe(0);
  });

  test('a vote of a learner elects nobody', () => {
    const peer = new Peer({ voters: [1, 2], learners: [3] });
    peer.raw.campaign();
    peer.flush();
    peer.hear({ type: 'MsgVoteResp', from: 3 });
    expect(peer.role).toBe('StateCandidate');
    expect(peer.said.at(-1)).toBe('info 1 has received 1 MsgVoteResp votes and 0 vote rejections');
  });
});

describe('R11: memberships', () => {
  test('in force change when applied, not when appended', () => {
    const network = Network.of(3);
    network.campaign(1);
    network.ignore('MsgAppResp');
    network.peer(1).raw.proposeConfChange(change('r3'));
    network.settle();
    expect(network.peers.map(members)).toEqual(Array.from({ length: 3 }, () => 'voters=(1 2 3)'));
    network.recover();
    network.tick(1);
    expect(members(network.peer(1))).toBe('voters=(1 2)');
  });

  test('joint ones commit by both halves', () => {
    const confState = { ...membersOf([1, 4, 5]), votersOutgoing: [1, 2, 3] };
    const peer = new Peer({ confState });
    peer.raw.campaign();
    peer.flush();
    for (const from of [4, 5]) peer.hear({ type: 'MsgVoteResp', from });
    expect(peer.role).toBe('StateCandidate');
    peer.hear({ type: 'MsgVoteResp', from: 2 });
    expect(peer.role).toBe('StateLeader');
    peer.flush();
    for (const from of [4, 5]) peer.hear({ type: 'MsgAppResp', from, index: 1 });
    expect(peer.raft.log.committed).toBe(0);
    peer.hear({ type: 'MsgAppResp', from: 3, index: 1 });
    expect(peer.raft.log.committed).toBe(1);
  });

  test('that stay without voters cause no harm', () => {
    const peer = new Peer({ voters: [] });
    peer.tick(50);
    expect([peer.role, peer.flush()]).toEqual(['StateFollower', []]);
  });
});
