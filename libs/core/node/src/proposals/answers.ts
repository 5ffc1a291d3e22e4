import { CaissonError, type ApplyOutcome } from '@caisson/contracts';
import type { PendingProposal } from './pending-proposal.js';

/** What an applied entry came to, and by which entry. */
export interface Answer {
  readonly index: number;
  readonly term: number;
  readonly proposalId: bigint;
  readonly outcome: ApplyOutcome;
}

interface Waiting {
  readonly term: number;
  readonly proposal: PendingProposal;
}

/**
 * Proposals that have their place in the log and wait to be applied.
 *
 * A caller is answered by the entry at the index *and* term at which its proposal was appended, with its id,
 * and by nothing else: another entry there means that the proposal was replaced before it was committed.
 */
export class Answers {
  readonly #waiting = new Map<number, Waiting>();

  expect(index: number, term: number, proposal: PendingProposal): void {
    this.#waiting.get(index)?.proposal.fail(replaced(index));
    this.#waiting.set(index, { term, proposal });
  }

  waits(index: number): boolean {
    return this.#waiting.has(index);
  }

  settle({ index, term, proposalId, outcome }: Answer): void {
    const waiting = this.#waiting.get(index);
    if (waiting === undefined) return;
    this.#waiting.delete(index);
    const own = waiting.term === term && waiting.proposal.proposalId === proposalId;
    if (own) waiting.proposal.settle(index, outcome);
    else waiting.proposal.fail(replaced(index));
  }

  /** An entry that is nobody's proposal was applied at `index`. */
  replaced(index: number): void {
    const waiting = this.#waiting.get(index);
    if (waiting === undefined) return;
    this.#waiting.delete(index);
    waiting.proposal.fail(replaced(index));
  }

  /**
   * Entries of `term` took the place of everything from `first` on; what was proposed there in an earlier one
   * is no longer in this log. Answers how many failed.
   */
  replacedFrom(first: number, term: number): number {
    let failed = 0;
    for (const [index, waiting] of this.#waiting) {
      if (index < first || waiting.term >= term) continue;
      this.replaced(index);
      failed++;
    }
    return failed;
  }

  /** Fails what was to stand at `first` or above; answers how many. */
  failFrom(first: number, error: CaissonError): number {
    let failed = 0;
    for (const [index, { proposal }] of this.#waiting) {
      if (index < first) continue;
      this.#waiting.delete(index);
      proposal.fail(error);
      failed++;
    }
    return failed;
  }

  /** Fails what was to stand at `last` or below; answers how many. */
  failThrough(last: number, error: CaissonError): number {
    let failed = 0;
    for (const [index, { proposal }] of this.#waiting) {
      if (index > last) continue;
      this.#waiting.delete(index);
      proposal.fail(error);
      failed++;
    }
    return failed;
  }

  failAll(error: CaissonError): number {
    return this.failFrom(0, error);
  }
}

function replaced(index: number): CaissonError {
  return new CaissonError('UNKNOWN_OUTCOME', {
    index,
    problem: 'another entry took the place of the proposal',
  });
}
