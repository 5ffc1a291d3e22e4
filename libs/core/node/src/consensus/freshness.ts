import type { Clock } from '@caisson/contracts';
import type { Message } from '@caisson/raft';
import type { AppliedPosition } from '../reading/applied-position.js';

interface Contact {
  readonly commit: number;
  readonly atMs: number;
}

/**
 * When a node last knew itself up to date: the last word of a leader whose commit index is applied here, or
 * the last moment at which it led itself.
 *
 * It is as honest as what arrives. A leader whose heartbeats come through and whose entries do not makes its
 * follower look fresher than it is.
 */
export class Freshness {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #position: AppliedPosition;
  /** The highest commit index heard of. */
  #commit = 0;
  #freshMs: number;
  #pending: Contact | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs'>, position: AppliedPosition) {
    this.#clock = clock;
    this.#position = position;
    this.#freshMs = clock.monotonicMs();
  }

  get staleMs(): number {
    this.settle();
    return Math.max(0, this.#clock.monotonicMs() - this.#freshMs);
  }

  /** Said of a leader that has applied what others committed before it, again and again while it leads. */
  leads(): void {
    this.#freshMs = this.#clock.monotonicMs();
    // What leaders before it said is applied.
    this.#pending = undefined;
  }

  heard({ type, commit }: Message): void {
    if (type !== 'MsgApp' && type !== 'MsgHeartbeat') return;
    this.#commit = Math.max(this.#commit, commit);
    this.settle();
    // The oldest contact that is not reached yet: newer ones would put it off for ever under load.
    this.#pending ??= { commit: this.#commit, atMs: this.#clock.monotonicMs() };
    this.settle();
  }

  settle(): void {
    const { value } = this.#position;
    if (this.#pending === undefined || this.#pending.commit > value) return;
    this.#freshMs = this.#pending.atMs;
    this.#pending = undefined;
  }
}
