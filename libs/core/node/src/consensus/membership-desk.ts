import { EMPTY_BYTES } from '@caisson/base';
import {
  CaissonError,
  type LogEntry,
  type MembershipChange,
  type Store,
  type StoreBatch,
} from '@caisson/contracts';
import {
  decodeConfChangeContext,
  decodeMembership,
  encodeConfChangeContext,
  encodeMembership,
  fullNodeId,
  SYSTEM_KEYS,
} from '@caisson/formats';
import {
  type ConfChange,
  type ConfChangeKind,
  createConfChange,
  decodeConfChange,
  NONE,
  type RawNode,
} from '@caisson/raft';
import type { MembershipApplier } from '../applying/membership-applier.js';
import { EMPTY_MEMBERSHIP, MembershipBook } from '../membership/membership-book.js';
import { raftIdOf } from '../membership/raft-id.js';
import type { Answers } from '../proposals/answers.js';
import { PendingProposal } from '../proposals/pending-proposal.js';
import type { ProposalIds } from '../proposals/proposal-ids.js';
import { toCoreEntry } from './core-entries.js';
import type { Driver } from './driver.js';
import type { Leadership } from './leadership.js';
import type { Members } from './members.js';

export interface MembershipDeskParts {
  readonly raw: RawNode;
  readonly store: Store;
  readonly members: Members;
  readonly leadership: Leadership;
  readonly answers: Answers;
  readonly ids: ProposalIds;
  readonly driver: Driver;
}

const KIND_OF: Readonly<Record<MembershipChange['kind'], ConfChangeKind>> = {
  addLearner: 'add-learner',
  promote: 'add-voter',
  remove: 'remove',
  update: 'update',
};

/** Changes of membership, from the order to the row. */
export class MembershipDesk implements MembershipApplier {
  readonly #parts: MembershipDeskParts;

  constructor(parts: MembershipDeskParts) {
    this.#parts = parts;
  }

  /**
   * Proposes a change and resolves once it is applied here. One at a time: `CHANGE_PENDING` while another is
   * under way, `NOT_LEADER` elsewhere than on the leader.
   */
  async change(change: MembershipChange): Promise<void> {
    const { ids, driver } = this.#parts;
    const pending = new PendingProposal(EMPTY_BYTES, ids.next(), () => undefined);
    driver.act((raw) => this.#propose(raw, change, pending));
    await pending.answer;
  }

  apply(entry: LogEntry, batch: StoreBatch): { readonly proposalId: bigint } | 'overtaken' {
    const { driver, members, raw } = this.#parts;
    const change = decodeConfChange(toCoreEntry(entry));
    if (change === undefined) throw malformed(entry, 'is no change of membership');
    const context = change.context.length === 0 ? undefined : decodeConfChangeContext(change.context);
    const confState = raw.applyConfChange(change, entry.index);
    if (confState === undefined) return 'overtaken';
    const book = members.book.apply(confState, context, entry.index);
    batch.put(SYSTEM_KEYS.membership, encodeMembership(book.row));
    members.replace(book);
    driver.wake();
    return { proposalId: context?.proposalId ?? 0n };
  }

  /**
   * Genesis names the founder in the store; a node that was not there when the group was founded gives it to
   * its core now, before any change is made to that membership.
   */
  async adoptFounder(): Promise<void> {
    const { driver, members, raw, store } = this.#parts;
    if (members.book.members.length > 0) return;
    const book = new MembershipBook(await readMembership(store));
    for (const id of book.confState.voters) {
      raw.applyConfChange(createConfChange({ changes: [{ kind: 'add-voter', id }] }), book.row.index);
    }
    members.replace(book);
    driver.wake();
  }

  #propose(raw: RawNode, change: MembershipChange, pending: PendingProposal): void {
    const { answers, leadership } = this.#parts;
    leadership.observe(raw);
    if (!leadership.isReady) return pending.fail(leadership.notLeader());
    if (isAnotherPending(raw)) return pending.fail(new CaissonError('CHANGE_PENDING'));
    const before = raw.raft.log.lastIndex();
    const outcome = raw.proposeConfChange(this.#confChange(change, pending.proposalId));
    if (outcome !== 'accepted') return pending.fail(leadership.notLeader());
    // The core puts an empty entry in the place of a change that it refuses.
    if (raw.raft.pendingConfIndex !== before + 1) {
      return pending.fail(new CaissonError('CHANGE_PENDING', { problem: 'the members do not allow it' }));
    }
    answers.expect(before + 1, raw.raft.term, pending);
  }

  #confChange(change: MembershipChange, proposalId: bigint): ConfChange {
    const { name } = change;
    const stated = 'address' in change ? change : { address: '', clientAddress: '' };
    const { address, clientAddress } = stated;
    return createConfChange({
      changes: [{ kind: KIND_OF[change.kind], id: raftIdOf(fullNodeId(name)) }],
      context: encodeConfChangeContext({ proposalId, name, address, clientAddress }),
    });
  }
}

export async function readMembership(store: Pick<Store, 'get'>): Promise<typeof EMPTY_MEMBERSHIP> {
  const row = await store.get(SYSTEM_KEYS.membership);
  return row === undefined ? EMPTY_MEMBERSHIP : decodeMembership(row);
}

function isAnotherPending({ raft }: RawNode): boolean {
  return raft.pendingConfIndex > raft.log.applied || raft.transferee !== NONE;
}

function malformed({ index, kind }: LogEntry, problem: string): CaissonError {
  return new CaissonError('ENTRY_MALFORMED', { index, kind, problem });
}
