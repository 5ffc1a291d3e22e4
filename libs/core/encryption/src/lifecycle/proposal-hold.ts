import type { CaissonError } from '@caisson/contracts';

/**
 * Keeps users' proposals out of one group for a while. Proposals that were let in before keep their places,
 * ahead of whatever is proposed while the hold lasts.
 */
export class ProposalHold {
  readonly #reasons = new Set<CaissonError>();

  /** Why users have to wait right now. */
  get reason(): CaissonError | undefined {
    const [first] = this.#reasons;
    return first;
  }

  /** Holds back until the function it returns is called; calling that again is harmless. */
  begin(reason: CaissonError): () => void {
    this.#reasons.add(reason);
    return () => void this.#reasons.delete(reason);
  }
}
