import { CaissonError, type Member, type Peer } from '@caisson/contracts';
import { type ConfChangeContext, fullNodeId, type MemberRecord, type Membership } from '@caisson/formats';
import type { ConfState } from '@caisson/raft';
import { raftIdOf } from './raft-id.js';

/** Who is known under a Raft id. */
type Known = ReadonlyMap<number, MemberRecord>;

/**
 * The members of a group as of one index, in the terms of everybody who asks: the core by numbers, the
 * transport by address, people by name. Never changed; a change gives the next book.
 */
export class MembershipBook {
  readonly row: Membership;
  readonly #known: Known;

  constructor(row: Membership) {
    this.row = row;
    const records = [...row.peers, ...unnamed(row)];
    this.#known = new Map(records.map((record) => [raftIdOf(record.id), record]));
  }

  /** As the core restores it. */
  get confState(): ConfState {
    const { voters, votersOutgoing, learners, learnersNext, autoLeave } = this.row;
    return {
      voters: raftIds(voters),
      votersOutgoing: raftIds(votersOutgoing),
      learners: raftIds(learners),
      learnersNext: raftIds(learnersNext),
      autoLeave,
    };
  }

  /** Who has a vote, also one that a joint change is about to take away. */
  get voters(): readonly MemberRecord[] {
    return this.#records(new Set([...this.row.voters, ...this.row.votersOutgoing]));
  }

  get learners(): readonly MemberRecord[] {
    const { learners, learnersNext, votersOutgoing } = this.row;
    const voting = new Set([...this.row.voters, ...votersOutgoing]);
    return this.#records(new Set([...learners, ...learnersNext].filter((id) => !voting.has(id))));
  }

  /** Voters and learners. */
  get members(): readonly MemberRecord[] {
    return [...this.voters, ...this.learners];
  }

  /** The transport's address book: everybody who takes peers. */
  get peers(): readonly Peer[] {
    return this.members
      .filter(({ address }) => address !== '')
      .map(({ id, name, address }) => ({ id, name, address }));
  }

  /** For `GroupStatus`, in order of ids; what a leader knows of their progress is added by who knows it. */
  get statuses(): readonly Member[] {
    const voting = new Set(this.voters.map(({ id }) => id));
    const members = [...this.members].sort((a, b) => (a.id < b.id ? -1 : 1));
    return members.map((record) => ({
      name: record.name,
      role: voting.has(record.id) ? 'voter' : 'learner',
      ...(record.address === '' ? {} : { address: record.address }),
      ...(record.clientAddress === '' ? {} : { clientAddress: record.clientAddress }),
    }));
  }

  byRaftId(id: number): MemberRecord | undefined {
    return this.#known.get(id);
  }

  byName(name: string): MemberRecord | undefined {
    return this.members.find((record) => record.name === name);
  }

  byFullId(id: bigint): MemberRecord | undefined {
    return this.members.find((record) => record.id === id);
  }

  isVoter(name: string): boolean {
    return this.voters.some((record) => record.name === name);
  }

  /**
   * The book after the entry at `index` made the core's membership `confState`. `context` names the member it
   * was about; the entry that leaves a joint membership has none.
   *
   * `ENTRY_MALFORMED` for a member that neither the book nor the context names: nobody could be sent to it.
   */
  apply(confState: ConfState, context: ConfChangeContext | undefined, index: number): MembershipBook {
    const known = context === undefined ? this.#known : withChanged(this.#known, context);
    const idsOf = (ids: readonly number[]) => ids.map((id) => fullIdOf(known, id, index)).sort(ascending);
    const lists = {
      voters: idsOf(confState.voters),
      votersOutgoing: idsOf(confState.votersOutgoing),
      learners: idsOf(confState.learners),
      learnersNext: idsOf(confState.learnersNext),
    };
    const remaining = new Set(Object.values(lists).flat());
    const peers = [...known.values()]
      .filter(({ id, name }) => remaining.has(id) && name !== '')
      .sort((a, b) => ascending(a.id, b.id));
    return new MembershipBook({ index, autoLeave: confState.autoLeave, ...lists, peers });
  }

  #records(ids: ReadonlySet<bigint>): readonly MemberRecord[] {
    return [...ids].map((id) => this.#known.get(raftIdOf(id))!);
  }
}

/** Before genesis: nobody. */
export const EMPTY_MEMBERSHIP: Membership = Object.freeze({
  index: 0,
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
  peers: [],
});

/** The member with what the context says of it; empty addresses leave those that are known. */
function withChanged(known: Known, { name, address, clientAddress }: ConfChangeContext): Known {
  const id = fullNodeId(name);
  const before = known.get(raftIdOf(id));
  const record = {
    id,
    name,
    address: address === '' ? (before?.address ?? '') : address,
    clientAddress: clientAddress === '' ? (before?.clientAddress ?? '') : clientAddress,
  };
  return new Map(known).set(raftIdOf(id), record);
}

function fullIdOf(known: Known, raftId: number, index: number): bigint {
  const record = known.get(raftId);
  if (record === undefined) {
    throw new CaissonError('ENTRY_MALFORMED', { index, member: raftId, problem: 'a member without a name' });
  }
  return record.id;
}

/** Members that the address book leaves out. */
function unnamed(row: Membership): readonly MemberRecord[] {
  const named = new Set(row.peers.map(({ id }) => id));
  const ids = new Set([...row.voters, ...row.votersOutgoing, ...row.learners, ...row.learnersNext]);
  return [...ids]
    .filter((id) => !named.has(id))
    .map((id) => ({ id, name: '', address: '', clientAddress: '' }));
}

function raftIds(ids: readonly bigint[]): readonly number[] {
  return ids.map(raftIdOf).sort((a, b) => a - b);
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}
