import { createDeferred } from '@caisson/base';
import type { CaissonError, ApplyOutcome, Proposed } from '@caisson/contracts';

/** A proposal from the call to its answer. It is answered once; whatever comes later is ignored. */
export class PendingProposal {
  readonly payload: Uint8Array;
  readonly proposalId: bigint;
  readonly #answer = createDeferred<Proposed>();
  readonly #release: (proposal: PendingProposal) => void;
  #open = true;

  constructor(payload: Uint8Array, proposalId: bigint, release: (proposal: PendingProposal) => void) {
    this.payload = payload;
    this.proposalId = proposalId;
    this.#release = release;
  }

  get answer(): Promise<Proposed> {
    return this.#answer.promise;
  }

  settle(position: number, outcome: ApplyOutcome): void {
    if (this.#close()) this.#answer.resolve({ position, outcome });
  }

  fail(error: CaissonError): void {
    if (this.#close()) this.#answer.reject(error);
  }

  #close(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#release(this);
    return true;
  }
}
