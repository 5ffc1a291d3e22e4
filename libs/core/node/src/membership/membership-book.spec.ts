import { encodeMembership, decodeMembership, fullNodeId } from '@caisson/formats';
import { EMPTY_MEMBERSHIP, MembershipBook } from './membership-book.js';
import { raftIdOf } from './raft-id.js';

const raftId = (name: string) => raftIdOf(fullNodeId(name));
const stated = (name: string) => ({ name, address: `${name}:7000`, clientAddress: `${name}:8000` });
const about = (name: string) => ({ proposalId: 1n, ...stated(name) });
const only = (name: string) => ({ proposalId: 1n, name, address: '', clientAddress: '' });
const state = (voters: readonly string[], learners: readonly string[] = []) => ({
  voters: voters.map(raftId),
  votersOutgoing: [],
  learners: learners.map(raftId),
  learnersNext: [],
  autoLeave: false,
});

const founded = () => new MembershipBook(EMPTY_MEMBERSHIP).apply(state(['n1']), about('n1'), 1);

describe('a Raft id', () => {
  it('is the low 52 bits of the full id, and never nobody', () => {
    expect(raftIdOf(0xabc0_0000_0000_0005n)).toBe(5);
    expect(raftIdOf(0xfff0_0000_0000_0000n)).toBe(1);
    expect(raftIdOf(0xffff_ffff_ffff_ffffn)).toBe(2 ** 52 - 1);
  });
});

describe('a membership book', () => {
  it('follows a node from learner to voter to stranger, by its own numbers and names', () => {
    const joined = founded().apply(state(['n1'], ['n2']), about('n2'), 5);
    expect(joined.statuses).toContainEqual({ ...stated('n2'), role: 'learner' });
    const promoted = joined.apply(state(['n1', 'n2']), only('n2'), 6);
    expect(promoted.isVoter('n2')).toBe(true);
    expect(promoted.byName('n2')).toMatchObject(stated('n2'));
    const removed = promoted.apply(state(['n2']), only('n1'), 7);
    expect(removed.members.map(({ name }) => name)).toEqual(['n2']);
    expect(removed.byName('n1')).toBeUndefined();
    expect(removed.row.index).toBe(7);
  });

  it('comes back from its row', () => {
    const { row } = founded().apply(state(['n1'], ['n2']), about('n2'), 5);
    const again = new MembershipBook(decodeMembership(encodeMembership(row)));
    expect(again.row).toEqual(row);
    expect(again.confState).toEqual(state(['n1'], ['n2']));
    expect(again.byRaftId(raftId('n2'))).toMatchObject(stated('n2'));
    expect(again.byFullId(fullNodeId('n2'))?.name).toBe('n2');
    expect([...again.peers].map(({ address }) => address).sort()).toEqual(['n1:7000', 'n2:7000']);
  });

  it('takes new addresses and keeps the ones nobody restates', () => {
    const moved = founded().apply(state(['n1']), { ...only('n1'), address: 'elsewhere:1' }, 2);
    expect(moved.byName('n1')).toMatchObject({ address: 'elsewhere:1', clientAddress: 'n1:8000' });
  });

  it('counts a voter once while a joint change takes it away', () => {
    const book = founded().apply(state(['n1'], ['n2']), about('n2'), 2);
    const joint = { ...state(['n2']), votersOutgoing: [raftId('n1')], learnersNext: [raftId('n1')] };
    const left = book.apply(joint, only('n1'), 3);
    expect(left.voters).toHaveLength(2);
    expect(left.learners).toEqual([]);
    expect(left.apply(state(['n2'], ['n1']), undefined, 4).learners.map(({ name }) => name)).toEqual(['n1']);
  });

  it('refuses a member that nobody named', () => {
    expect(() => founded().apply(state(['n1', 'n3']), about('n2'), 5)).toThrow(
      expect.objectContaining({ code: 'ENTRY_MALFORMED' }),
    );
  });

  it('leaves out of the address book who takes no peers', () => {
    const alone = new MembershipBook(EMPTY_MEMBERSHIP).apply(state(['n1']), only('n1'), 1);
    expect(alone.peers).toEqual([]);
    expect(alone.statuses).toEqual([{ name: 'n1', role: 'voter' }]);
  });
});
