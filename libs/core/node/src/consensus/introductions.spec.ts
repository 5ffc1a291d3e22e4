import { ManualClock } from '@caisson/compliance';
import type { Peer, RaftTransport } from '@caisson/contracts';
import { decodeIntroduction, fullNodeId, type Membership } from '@caisson/formats';
import { EMPTY_MEMBERSHIP, MembershipBook } from '../membership/membership-book.js';
import { Introductions } from './introductions.js';
import { Members } from './members.js';

const peerOf = (name: string): Peer => ({ id: fullNodeId(name), name, address: `${name}:7000` });

function rowOf(index: number, names: readonly string[]): Membership {
  const peers = names.map((name) => ({ ...peerOf(name), clientAddress: '' }));
  const voters = peers.map(({ id }) => id).sort((a, b) => (a < b ? -1 : 1));
  return { ...EMPTY_MEMBERSHIP, index, voters, peers };
}

describe('introductions', () => {
  const clock = new ManualClock();
  let connected: readonly Peer[] = [];
  let asked: { readonly to: string; readonly question: Uint8Array }[] = [];

  const ask: RaftTransport['ask'] = async (to, question) => {
    asked.push({ to: to.name, question });
    return Uint8Array.of(1);
  };

  function node(name: string, row: Membership): { introductions: Introductions; members: Members } {
    const members = new Members(new MembershipBook(row), (peers) => void (connected = peers));
    const addresses = { address: `${name}:7000`, clientAddress: '' };
    const parts = { group: 1, name, members, transport: { ask }, addresses, clock, limitMs: 100 };
    return { introductions: new Introductions(parts), members };
  }

  beforeEach(() => {
    asked = [];
    connected = [];
  });

  it('are made to members that take nothing, one at a time, with a pause', () => {
    const { introductions } = node('n5', rowOf(9, ['n1', 'n5']));
    introductions.unreachable(fullNodeId('n1'));
    introductions.unreachable(fullNodeId('n1'));
    introductions.unreachable(fullNodeId('n7'));
    const told = asked.map(({ to, question }) => [to, decodeIntroduction(question)]);
    expect(told).toEqual([['n1', { group: 1, index: 9, name: 'n5', address: 'n5:7000' }]]);
    clock.advance(100);
    introductions.unreachable(fullNodeId('n1'));
    expect(asked).toHaveLength(2);
  });

  it('are not made by a node that is no member itself', () => {
    node('n5', rowOf(9, ['n1', 'n2'])).introductions.unreachable(fullNodeId('n1'));
    expect(asked).toEqual([]);
  });

  it('count until the book has come as far', () => {
    const { introductions, members } = node('n1', rowOf(4, ['n1', 'n2']));
    introductions.meet(fullNodeId('n5'), { group: 1, index: 9, name: 'n5', address: 'n5:7000' });
    const known = () => connected.map(({ name }) => name).sort();
    expect(known()).toEqual(['n1', 'n2', 'n5']);
    members.replace(new MembershipBook(rowOf(6, ['n1', 'n2', 'n3'])));
    expect(known()).toEqual(['n1', 'n2', 'n3', 'n5']);
    members.replace(new MembershipBook(rowOf(9, ['n1', 'n2', 'n3'])));
    expect(known()).toEqual(['n1', 'n2', 'n3']);
  });

  it('also say where a member is reached now', () => {
    const { introductions } = node('n1', rowOf(4, ['n1', 'n2']));
    introductions.meet(fullNodeId('n2'), { group: 1, index: 9, name: 'n2', address: 'elsewhere:1' });
    expect(connected.find(({ name }) => name === 'n2')?.address).toBe('elsewhere:1');
  });

  it('are refused where the book knows better, and under a name of somebody else', () => {
    const { introductions } = node('n1', rowOf(9, ['n1', 'n2']));
    const introduction = { group: 1, index: 9, name: 'n5', address: 'n5:7000' };
    const refused = expect.objectContaining({ code: 'PEER_REFUSED' });
    expect(() => introductions.meet(fullNodeId('n5'), introduction)).toThrow(refused);
    const newer = { ...introduction, index: 10 };
    expect(() => introductions.meet(fullNodeId('n6'), newer)).toThrow(refused);
    expect(connected).toEqual([]);
  });

  it('change nothing for a node that waits to be let in', () => {
    const { introductions } = node('n1', EMPTY_MEMBERSHIP);
    introductions.meet(fullNodeId('n5'), { group: 1, index: 9, name: 'n5', address: 'n5:7000' });
    expect(connected).toEqual([]);
  });
});
