import { describe, expect, test } from '@jest/globals';
import { becomeFollower } from '../node/roles.js';
import { bytes, entry, Peer, text } from './peer.js';

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

  test('RAFT-16: never refuse the entry that a new leader begins with', () => {
    const peer = new Peer({ voters: [1], maxUncommittedSize: 1, terms: [1, 1] }).lead();
    expect([peer.role, peer.terms.length]).toEqual(['StateLeader', 3]);
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
    expect([peer.datas, seen]).toEqual([
      ['<a>', '<b>'],
      ['1/2', '1/4'],
    ]);
  });

  test('must not move it', () => {
    const peer = new Peer({ voters: [1], onAppend: (one) => ({ ...one, index: one.index + 1 }) }).lead();
    expect(() => peer.propose('a')).toThrow('RAFT-17');
  });

  test('counts what was prepared towards the limits', () => {
    const onAppend = ({
      data,
      ...place
    }: {
      term: number;
      index: number;
      type: 'EntryNormal';
      data: Uint8Array;
    }) => ({
      ...place,
      data: new Uint8Array(data.length + 40),
    });
    const peer = new Peer({ voters: [1], maxUncommittedSize: 50, onAppend: onAppend as never }).lead();
    peer.propose('a');
    expect([peer.raft.uncommittedSize, peer.propose('b'.repeat(10))]).toEqual([41, 'proposal-dropped']);
  });
});
