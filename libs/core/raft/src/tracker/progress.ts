import { invariant } from '@caisson/base';
import { Inflights } from './inflights.js';

/**
 * How a member is being fed.
 *
 * `Probe` looks for the point where the logs agree, one append at a time; `Replicate` streams; `Snapshot`
 * waits for a snapshot to arrive.
 */
export type ProgressState = 'StateProbe' | 'StateReplicate' | 'StateSnapshot';

export interface ProgressFields {
  readonly match: number;
  readonly next: number;
  readonly inflights: Inflights;
  readonly isLearner: boolean;
  readonly recentActive: boolean;
}

/** What a leader believes about one member. Invariant: match < next (RAFT-1). */
export class Progress {
  /** The highest entry the member is known to have. */
  match: number;
  /** The next entry to send. */
  next: number;
  /** The highest commit index in flight to the member; may be an underestimate. */
  sentCommit = 0;
  state: ProgressState = 'StateProbe';
  /** Index of the snapshot on its way. Only in `StateSnapshot`. */
  pendingSnapshot = 0;
  /** Whether anything came from the member since the last quorum check. */
  recentActive: boolean;
  /** Nothing with entries goes out until the member answers. */
  isFlowPaused = false;
  isLearner: boolean;
  inflights: Inflights;

  constructor(fields: ProgressFields) {
    this.match = fields.match;
    this.next = fields.next;
    this.inflights = fields.inflights;
    this.isLearner = fields.isLearner;
    this.recentActive = fields.recentActive;
  }

  /** A copy that shares only the in-flight window. */
  clone(): Progress {
    return Object.assign(new Progress(this), {
      sentCommit: this.sentCommit,
      state: this.state,
      pendingSnapshot: this.pendingSnapshot,
      isFlowPaused: this.isFlowPaused,
    });
  }

  get isPaused(): boolean {
    return this.state === 'StateSnapshot' || this.isFlowPaused;
  }

  becomeProbe(): void {
    // After a snapshot the member has at least what was in it, if it arrived; probing from there saves a
    // round trip.
    const next =
      this.state === 'StateSnapshot' ? Math.max(this.match, this.pendingSnapshot) + 1 : this.match + 1;
    this.#enter('StateProbe');
    this.#moveNextTo(next);
  }

  becomeReplicate(): void {
    this.#enter('StateReplicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.#enter('StateSnapshot');
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** Accounts for an append with `count` entries of `bytes` payload that has just been sent. */
  sentEntries(count: number, bytes: number): void {
    invariant('RAFT-2', this.state !== 'StateSnapshot', 'append sent to a member that waits for a snapshot');
    if (this.state === 'StateProbe') {
      if (count > 0) this.isFlowPaused = true;
      return;
    }
    if (count > 0) {
      this.next += count;
      this.inflights.add(this.next - 1, bytes);
    }
    this.isFlowPaused = this.inflights.isFull;
  }

  /** Whether telling the member about `commit` would be news to it that it can use. */
  canBumpCommit(commit: number): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** Takes an acknowledgement of `index`; false if it says nothing new. */
  maybeUpdate(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.isFlowPaused = false;
    return true;
  }

  /**
   * Takes a refusal of the append that followed `rejected`; false if the refusal is out of date, which it
   * is when it answers something other than what is outstanding. `hint` is where the logs may agree.
   */
  maybeDecreaseTo(rejected: number, hint: number): boolean {
    if (this.state === 'StateReplicate') {
      if (rejected <= this.match) return false;
      this.#moveNextTo(this.match + 1);
      return true;
    }
    if (this.next - 1 !== rejected) return false;
    this.#moveNextTo(Math.max(Math.min(rejected, hint + 1), this.match + 1));
    this.isFlowPaused = false;
    return true;
  }

  #enter(state: ProgressState): void {
    this.isFlowPaused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights = this.inflights.renewed();
  }

  #moveNextTo(next: number): void {
    invariant('RAFT-1', this.match < next, 'next fell to match');
    this.next = next;
    // What was sent beyond the new position is presumed lost, and the commit index that went with it.
    this.sentCommit = Math.min(this.sentCommit, next - 1);
  }
}
