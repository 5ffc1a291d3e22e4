import { describe, expect, test } from '@jest/globals';
import { confChangeEntry, createConfChange } from '../message/conf-change.js';
import { APPEND_THREAD, APPLY_THREAD, encodedSize } from '../message/entry.js';
import { createMessage, type MessageType } from '../message/message.js';
import { resolveOptions } from '../node/options.js';
import { deepFreeze } from '../conformance/freeze.js';
import {
  bytes,
  entry,
  logOf,
  membersOf,
  ofType,
  oneOf,
  Peer,
  PeerStorage,
  snapshotOf,
  takeAll,
} from './peer.js';

describe('what may be stepped', () => {
  test('local types come from nobody but the storage threads', () => {
    const types: MessageType[] = ['MsgHup', 'MsgBeat', 'MsgUnreachable', 'MsgSnapStatus', 'MsgCheckQuorum'];
    const storage: MessageType[] = ['MsgStorageAppendResp', 'MsgStorageApplyResp', 'MsgStorageAppend'];
    for (const type of [...types, ...storage]) {
      const peer = new Peer().lead();
      expect(peer.raw.step(createMessage({ type, from: 2, to: 1 }))).toBe('local-message');
    }
    const thread = createMessage({ type: 'MsgStorageApplyResp', from: APPLY_THREAD, to: 1 });
    expect(new Peer().raw.step(thread)).toBe('accepted');
  });

  test('answers come from members only', () => {
    for (const type of [
      'MsgAppResp',
      'MsgVoteResp',
      'MsgPreVoteResp',
      'MsgHeartbeatResp',
      'MsgReadIndexResp',
    ] as const) {
      const peer = new Peer();
      expect(peer.raw.step(createMessage({ type, from: 9, to: 1, term: 7 }))).toBe('peer-not-found');
      expect(peer.raft.term).toBe(0);
      expect(peer.raw.step(createMessage({ type, from: 2, to: 1 }))).toBe('accepted');
    }
  });
});

describe('what may be sent', () => {
  test('RAFT-13: nothing to oneself but promises', () => {
    const { raft } = new Peer();
    expect(() => raft.send({ type: 'MsgApp', to: 1 })).toThrow('RAFT-13');
    expect(() => raft.send({ type: 'MsgAppResp', to: 1 })).not.toThrow();
  });

  test('RAFT-14: votes with their own term, everything else with the sender’s', () => {
    const { raft } = new Peer({ hardState: { term: 4 } });
    expect(() => raft.send({ type: 'MsgVote', to: 2 })).toThrow('RAFT-14');
    expect(() => raft.send({ type: 'MsgApp', to: 2, term: 4 })).toThrow('RAFT-14');
    raft.send({ type: 'MsgApp', to: 2 });
    raft.send({ type: 'MsgReadIndex', to: 2 });
    raft.send({ type: 'MsgPreVote', to: 2, term: 5 });
    expect(raft.messages.map(({ term, from }) => [term, from])).toEqual([
      [4, 1],
      [0, 1],
      [5, 1],
    ]);
  });
});

describe('options', () => {
  const FINE = { id: 1, electionTick: 10, heartbeatTick: 1, storage: new PeerStorage(), random: () => 0 };

  test.each([
    { id: 0 },
    { id: APPEND_THREAD },
    { id: 1.5 },
    { heartbeatTick: 0 },
    { electionTick: 1 },
    { maxInflightMsgs: 0 },
    { maxSizePerMsg: 100, maxInflightBytes: 99 },
    { readMode: 'lease-based' as const },
  ])('%j are a bug', (fields) => {
    expect(() => resolveOptions({ ...FINE, ...fields })).toThrow('RAFT-12');
  });

  test('that are left out or zero mean no limit, and a page is as large as a message', () => {
    const resolved = resolveOptions({
      ...FINE,
      maxUncommittedSize: 0,
      maxInflightBytes: 0,
      maxSizePerMsg: 77,
    });
    expect([
      resolved.maxUncommittedSize,
      resolved.maxInflightBytes,
      resolved.maxCommittedSizePerReady,
    ]).toEqual([Infinity, Infinity, 77]);
  });
});

describe('starting', () => {
  test('a group gives every founder the same first entries', () => {
    const founders = [{ id: 1, context: bytes('one') }, { id: 2 }];
    const peer = new Peer({ voters: [] });
    peer.raw.bootstrap(founders);
    const ready = peer.raw.ready();
    expect([ready.hardState, ready.mustSync, ready.committedEntries]).toEqual([
      { term: 1, vote: 0, commit: 2 },
      true,
      ready.entries,
    ]);
    const first = confChangeEntry(
      createConfChange({ changes: [{ kind: 'add-voter', id: 1 }], context: bytes('one') }),
      { version: 1 },
    );
    expect(ready.entries[0]).toEqual({ ...first, term: 1, index: 1 });
    peer.write(ready);
    peer.apply(ready.committedEntries);
    peer.raw.advance();
    peer.raw.campaign();
    peer.flush();
    peer.hear({ type: 'MsgVoteResp' });
    expect([peer.role, peer.raft.tracker.membership.incoming]).toEqual(['StateLeader', [1, 2]]);
  });

  test('a group is founded on nothing else, and by somebody', () => {
    expect(() => new Peer({ terms: [1] }).raw.bootstrap([{ id: 1 }])).toThrow('RAFT-21');
    expect(() => new Peer({ voters: [] }).raw.bootstrap([])).toThrow('RAFT-21');
  });

  test('again has nothing to write, only to apply', () => {
    const peer = new Peer({ terms: [1, 1], hardState: { term: 1, vote: 2, commit: 1 } });
    const ready = peer.raw.ready();
    expect([ready.hardState, ready.entries, ready.softState, ready.mustSync]).toEqual([
      undefined,
      [],
      undefined,
      false,
    ]);
    expect(ready.committedEntries.map(({ index }) => index)).toEqual([1]);
    peer.raw.advance();
    expect([peer.raw.hasReady(), peer.raft.vote, peer.raft.term]).toEqual([false, 2, 1]);
  });

  test('from a snapshot goes on behind it', () => {
    const storage = new PeerStorage();
    storage.applySnapshot(snapshotOf(5, 2, membersOf([1])));
    storage.confState = membersOf([1]);
    storage.append(logOf([2], 6));
    storage.setHardState({ term: 2, vote: 0, commit: 6 });
    const peer = new Peer({ storage, applied: 5 });
    expect(peer.raw.ready().committedEntries.map(({ index }) => index)).toEqual([6]);
  });

  test('takes the word of the application that more is committed than was recorded', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1, commit: 1 }, applied: 3 });
    expect([peer.raft.log.committed, peer.raft.log.applied, peer.raw.hasReady()]).toEqual([3, 3, false]);
  });

  test('with entries lost is a bug of the disk, not to be glossed over', () => {
    expect(() => new Peer({ terms: [1], hardState: { term: 1, commit: 2 } })).toThrow('RAFT-11');
    const storage = new PeerStorage();
    storage.applySnapshot(snapshotOf(5, 2, membersOf([1])));
    storage.confState = membersOf([1]);
    storage.setHardState({ term: 2, vote: 0, commit: 3 });
    expect(() => new Peer({ storage })).toThrow('RAFT-11');
  });
});

describe('a Ready', () => {
  test('is there when anything changed, and tells only what did', () => {
    const peer = new Peer();
    expect(peer.raw.hasReady()).toBe(false);
    peer.hear({ type: 'MsgHeartbeat', term: 2 });
    const ready = peer.raw.ready();
    expect([ready.softState, ready.hardState, ready.mustSync]).toEqual([
      { lead: 2, role: 'StateFollower' },
      { term: 2, vote: 0, commit: 0 },
      true,
    ]);
    peer.raw.advance();
    expect(peer.raw.hasReady()).toBe(false);
    peer.raw.forgetLeader();
    expect([peer.raw.hasReady(), peer.raw.ready().hardState]).toEqual([true, undefined]);
  });

  test('need not be synced for a commit index alone', () => {
    const peer = new Peer({ terms: [1], hardState: { term: 1 } });
    peer.hear({ type: 'MsgHeartbeat', commit: 1 });
    const ready = peer.raw.ready();
    expect([ready.hardState?.commit, ready.mustSync]).toEqual([1, false]);
  });

  test('must be synced for a vote', () => {
    const peer = new Peer({ hardState: { term: 1 } });
    peer.hear({ type: 'MsgVote', index: 0, logTerm: 0 });
    const ready = peer.raw.ready();
    expect([ready.hardState?.vote, ready.mustSync]).toEqual([2, true]);
  });

  test('tells the commit index in full, however small the pages are', () => {
    const peer = new Peer({ terms: [1, 1, 1], hardState: { term: 1 }, maxCommittedSizePerReady: 1 });
    peer.hear({ type: 'MsgHeartbeat', commit: 3 });
    const ready = peer.raw.ready();
    expect([ready.hardState?.commit, ready.committedEntries.length]).toEqual([3, 1]);
  });

  test('comes after the one before is advanced', () => {
    const peer = new Peer();
    peer.raw.ready();
    expect(() => peer.raw.ready()).toThrow('RAFT-22');
    const eager = new Peer({ asyncStorageWrites: true });
    expect(() => eager.raw.advance()).toThrow('RAFT-22');
  });

  test('sends what waited for storage after what did not', () => {
    const peer = new Peer({ checkQuorum: true }).lead();
    takeAll(peer);
    peer.tick();
    peer.hear({ type: 'MsgPreVote', term: 1, index: 0, logTerm: 0, from: 3 });
    expect(peer.raw.ready().messages.map(({ type }) => type)).toEqual([
      'MsgHeartbeat',
      'MsgHeartbeat',
      'MsgPreVoteResp',
    ]);
  });

  test('is not changed by what happens later, nor are messages by being stepped', () => {
    const peer = new Peer().lead();
    peer.propose('a');
    const ready = deepFreeze(peer.raw.ready());
    const before = JSON.stringify(ready);
    peer.propose('b');
    peer.hear(
      deepFreeze({ type: 'MsgProp' as const, term: 0, entries: [confChangeEntry(createConfChange({}))] }),
    );
    peer.write(ready);
    peer.raw.advance();
    expect(JSON.stringify(ready)).toBe(before);
  });

  test('with the same inputs is the same', () => {
    const run = (): string => {
      const peer = new Peer({ preVote: true, random: () => 4 }).lead();
      peer.propose('x');
      peer.tick(3);
      peer.everybodyAcknowledges();
      return JSON.stringify(peer.readies);
    };
    expect(run()).toBe(run());
  });

  test('needs no more than there is: three for a node alone to elect itself, append and commit', () => {
    const peer = new Peer({ voters: [1] });
    peer.raw.campaign();
    const roles = [1, 2, 3].map(() => {
      peer.flushOne();
      return [peer.role, peer.raft.log.committed, peer.applied.length];
    });
    expect([roles, peer.raw.hasReady()]).toEqual([
      [
        ['StateLeader', 0, 0],
        ['StateLeader', 1, 0],
        ['StateLeader', 1, 1],
      ],
      false,
    ]);
  });
});

describe('advancing', () => {
  test('counts own promises first, then writes, then what was applied', () => {
    const heard: MessageType[] = [];
    const peer = new Peer({
      voters: [1],
      trace: ({ name, message }) => {
        if (name === 'Receive') heard.push(message!.type);
      },
    }).lead();
    peer.propose('a');
    peer.flushOne();
    peer.propose('b');
    heard.length = 0;
    peer.flushOne();
    expect(heard).toEqual(['MsgAppResp', 'MsgStorageAppendResp', 'MsgStorageApplyResp']);
  });
});

describe('pages of committed entries', () => {
  const SIZE = encodedSize(entry(1, 1, 'x'));

  test('follow each other without loss, each after the one before is applied', () => {
    const peer = new Peer({ voters: [1], maxCommittedSizePerReady: 2 * SIZE }).lead();
    for (const data of 'abcdefgh') peer.propose(data);
    peer.flush();
    expect(peer.datas).toEqual([...'abcdefgh']);
    const sizes = peer.readies.map(({ committedEntries }) => committedEntries.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
  });

  test('lose nothing where storage gives more than asked', () => {
    class Generous extends PeerStorage {
      override entries(low: number, high: number): ReturnType<PeerStorage['entries']> {
        return super.entries(low, high, Infinity);
      }
    }
    const storage = new Generous();
    storage.confState = membersOf([1]);
    storage.append([...'abcde'].map((data, at) => entry(1, at + 1, data)));
    storage.setHardState({ term: 1, vote: 1, commit: 5 });
    const peer = new Peer({ storage, maxCommittedSizePerReady: SIZE }).lead();
    peer.propose('f');
    peer.flush();
    expect(peer.datas).toEqual([...'abcdef']);
  });

  test('wait for each other with asynchronous writes too', () => {
    const peer = new Peer({
      terms: [1, 1, 1, 1],
      hardState: { term: 1, commit: 4 },
      maxCommittedSizePerReady: 1,
      asyncStorageWrites: true,
    });
    const first = peer.raw.ready();
    expect(first.committedEntries.map(({ index }) => index)).toEqual([1]);
    expect([peer.raw.hasReady(), peer.raw.ready().committedEntries]).toEqual([false, []]);
    peer.raw.step(oneOf(first.messages, 'MsgStorageApply').responses[0]!);
    expect(peer.raw.ready().committedEntries.map(({ index }) => index)).toEqual([2]);
  });
});

describe('a status', () => {
  test('tells what a leader knows of its members, and is a copy', () => {
    const peer = new Peer().lead();
    const status = peer.raw.status();
    expect([...status.progress.keys()]).toEqual([1, 2, 3]);
    expect(status).toMatchObject({
      id: 1,
      applied: 1,
      lastIndex: 1,
      transferee: 0,
      hardState: { commit: 1 },
    });
    peer.propose('x');
    expect(status.progress.get(2)!.next).toBe(2);
    expect(new Peer().raw.status().progress.size).toBe(0);
  });
});

describe('entries of a group under partition', () => {
  test('are bounded by the limit for what is not applied', () => {
    const peer = new Peer({ maxUncommittedSize: 16 * 8 }).lead();
    for (let at = 0; at < 1024; at++) peer.propose('payload!');
    expect(peer.raft.log.lastIndex()).toBe(1 + 16);
    expect(ofType(peer.flush(), 'MsgApp').length).toBeGreaterThan(0);
  });
});
