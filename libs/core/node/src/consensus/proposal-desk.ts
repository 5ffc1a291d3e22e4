import { invariant } from '@caisson/base';
import { CaissonError, type Clock, type GroupEncryption, isCaissonError } from '@caisson/contracts';
import { type Entry, NONE, type RawNode } from '@caisson/raft';
import type { Answers } from '../proposals/answers.js';
import type { PendingProposal } from '../proposals/pending-proposal.js';
import type { ProposalQueue } from '../proposals/proposal-queue.js';
import type { Leadership } from './leadership.js';

export interface ProposalDeskParts {
  readonly queue: ProposalQueue;
  readonly answers: Answers;
  readonly leadership: Leadership;
  readonly encryption: Pick<GroupEncryption, 'sealProposal'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly limits: { readonly entries: number; readonly bytes: number };
  /** How long proposals wait for a leader to be known. */
  readonly leaderMs: number;
  onFailed(count: number): void;
}

interface Place {
  readonly index: number;
  readonly term: number;
  readonly proposal: PendingProposal;
}

/**
 * The way of proposals from the queue into the log of a leader.
 *
 * All that wait are taken together and become one append. They wait while the leader is not ready or hands
 * over; without leadership they are refused, which is safe: they have no place in any log.
 */
export class ProposalDesk {
  readonly #parts: ProposalDeskParts;
  #sealing: readonly PendingProposal[] = [];
  #places: Place[] = [];

  constructor(parts: ProposalDeskParts) {
    this.#parts = parts;
  }

  /** Takes what waits as far as this node may. Called once in every run, after everything else came in. */
  feed(raw: RawNode): void {
    const { leadership, limits, queue } = this.#parts;
    if (queue.waiting === 0) return;
    if (!leadership.isLeader) {
      if (!this.#mayWait()) this.refuse(leadership.notLeader());
      return;
    }
    if (!leadership.isReady || raw.raft.transferee !== NONE) return;
    while (queue.waiting > 0) this.#propose(raw, queue.take(limits));
  }

  refuse(error: CaissonError): void {
    this.#parts.onFailed(this.#parts.queue.failWaiting(error));
  }

  /** Seals the next proposal for the place it is given. The core calls it while it appends. */
  readonly place = (entry: Entry): Entry => {
    const proposal = this.#sealing[this.#places.length];
    invariant('NODE-6', proposal !== undefined, 'an entry with data that nobody here proposed');
    const { term, index } = entry;
    const { proposalId } = proposal;
    const data = this.#parts.encryption.sealProposal({ term, index, proposalId }, entry.data);
    this.#places.push({ term, index, proposal });
    return { ...entry, data };
  };

  /** Without a leader to go to, callers are better off waiting a little than asking again. */
  #mayWait(): boolean {
    const { leaderMs, leadership } = this.#parts;
    return leadership.lead === NONE && leadership.leaderlessMs < leaderMs;
  }

  #propose(raw: RawNode, proposals: readonly PendingProposal[]): void {
    const { answers, leadership } = this.#parts;
    this.#sealing = proposals;
    this.#places = [];
    try {
      const outcome = raw.proposeAll(proposals.map(({ payload }) => payload));
      if (outcome !== 'accepted') this.#fail(proposals, refusal(raw, leadership));
      else for (const { index, term, proposal } of this.#places) answers.expect(index, term, proposal);
    } catch (error) {
      // Nothing was appended: the core takes all of them or none.
      if (!isCaissonError(error)) throw error;
      this.#fail(proposals, error);
    } finally {
      this.#sealing = [];
      this.#places = [];
    }
  }

  #fail(proposals: readonly PendingProposal[], error: CaissonError): void {
    for (const proposal of proposals) proposal.fail(error);
    this.#parts.onFailed(proposals.length);
  }
}

function refusal(raw: RawNode, leadership: Leadership): CaissonError {
  const { raft } = raw;
  if (raft.role !== 'StateLeader' || raft.tracker.of(raft.id) === undefined) return leadership.notLeader();
  return new CaissonError('TOO_MANY_REQUESTS', {
    queue: 'uncommitted entries',
    bytes: raft.uncommittedSize,
    limit: raft.options.maxUncommittedSize,
  });
}
