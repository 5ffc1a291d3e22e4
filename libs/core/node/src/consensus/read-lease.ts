import type { Clock } from '@caisson/contracts';

export interface ReadLeaseParts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'nowMs'>;
  /** How long a quorum that was just asked lets nobody else lead; 0 for no lease. */
  readonly lastsMs: number;
  /** By the monotonic clock. */
  readonly startedMs: number;
  /**
   * The leadership of this node, other than at any other time when term or membership are; `undefined` while
   * it does not lead, has not applied its first entry, or told anybody in this term to campaign.
   */
  reign(): string | undefined;
}

interface Question {
  readonly monotonicMs: number;
  readonly wallMs: number;
  readonly reign: string;
}

/** Clocks that disagree by more than this part of a lease are not trusted with it. */
const DOUBT = 0.1;

/**
 * A leader's right to let linearizable reads pass without asking anybody.
 *
 * Every member of the quorum that answered a question keeps its vote to itself for an election timeout after
 * it heard the question, unless it is told to campaign by the leader; and one that just started, for a lease.
 * So nobody else leads, and acknowledges writes, for so long after the question was *sent*. Learners do not
 * count, and the end of a term, a change of membership, a handover, or a machine that slept ends it.
 *
 * It relies on monotonic clocks that run alike: a member's by no more than a tenth faster than the leader's.
 */
export class ReadLease {
  readonly #parts: ReadLeaseParts;
  readonly #asked = new Map<number, Question>();
  #granted: Question | undefined;

  constructor(parts: ReadLeaseParts) {
    this.#parts = parts;
  }

  /** A quorum is asked whether this node still leads. Numbers grow. */
  asked(number: number): void {
    const { clock, lastsMs, reign } = this.#parts;
    const current = lastsMs > 0 ? reign() : undefined;
    if (current === undefined) return;
    this.#asked.set(number, { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs(), reign: current });
  }

  /** It said yes, to this question and to those before it. */
  confirmed(number: number): void {
    for (const [earlier, question] of this.#asked) {
      if (earlier > number) break;
      this.#asked.delete(earlier);
      if (earlier === number) this.#granted = question;
    }
  }

  /** Whether this node may have answered a leader before it started, and keeps its vote for its sake. */
  get bindsVote(): boolean {
    const { clock, lastsMs, startedMs } = this.#parts;
    return clock.monotonicMs() - startedMs < lastsMs;
  }

  /** Whether a read may pass now. Once it does not hold it takes another question. */
  get holds(): boolean {
    const granted = this.#granted;
    if (granted === undefined) return false;
    const { clock, lastsMs, reign } = this.#parts;
    const passedMs = clock.monotonicMs() - granted.monotonicMs;
    const isInDoubt = Math.abs(clock.nowMs() - granted.wallMs - passedMs) > lastsMs * DOUBT;
    if (passedMs < lastsMs && !isInDoubt && reign() === granted.reign) return true;
    this.#granted = undefined;
    return false;
  }
}

/** Of a tick's length: what a member's clock may be faster than the leader's, and one tick that was near. */
const DRIFT = 0.9;
const TICKS_NEAR = 2;

/** How long members that were heard of keep their votes, at the least. */
export function leaseMs({ election, ms }: { readonly election: number; readonly ms: number }): number {
  return Math.max(Math.floor((election - TICKS_NEAR) * ms * DRIFT), 0);
}
