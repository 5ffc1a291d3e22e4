import { createDeferred } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { type NodeId, NONE, type RawNode } from '@caisson/raft';
import type { Driver } from './driver.js';
import type { Leadership } from './leadership.js';
import type { Members } from './members.js';

export interface LeaderTransferParts {
  readonly raw: RawNode;
  readonly driver: Driver;
  readonly leadership: Leadership;
  readonly members: Members;
  /** Ticks after which a target that did not take over is given up. */
  readonly limitTicks: number;
}

interface Waiting {
  readonly settle: (error?: CaissonError) => void;
  readonly target: NodeId;
  ticks: number;
}

/** Hands leadership over, and says whether it arrived. */
export class LeaderTransfer {
  readonly #parts: LeaderTransferParts;
  #waiting: Waiting | undefined;

  constructor(parts: LeaderTransferParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once `target` leads. `INVALID_ARGUMENT` for somebody without a vote, `UNAVAILABLE` when it does
   * not take over in time; then this node goes on.
   */
  async to(target: string): Promise<void> {
    const { driver, leadership, members } = this.#parts;
    if (!leadership.isLeader) throw leadership.notLeader();
    if (!members.book.isVoter(target)) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'target', target, problem: 'is no voter' });
    }
    const id = this.#idOf(target);
    if (id === leadership.lead) return;
    const done = createDeferred<void>();
    const problem = 'another transfer began';
    this.#waiting?.settle(new CaissonError('CHANGE_PENDING', { problem }));
    const settle = (error?: CaissonError) => (error === undefined ? done.resolve() : done.reject(error));
    this.#waiting = { settle, target: id, ticks: 0 };
    // What was proposed before goes first: a leader that hands over takes nothing more.
    driver.act(() => undefined);
    driver.act((raw) => raw.transferLeader(id));
    await done.promise;
  }

  /** The voter that will take over soonest: heard of lately, and with the longest log. */
  best(): string | undefined {
    const { leadership, members, raw } = this.#parts;
    let best: { readonly name: string; readonly match: number } | undefined;
    for (const [id, progress] of raw.status().progress) {
      const { name } = members.book.byRaftId(id) ?? { name: '' };
      if (id === leadership.lead || progress.isLearner || !progress.recentActive || name === '') continue;
      if (best === undefined || progress.match > best.match) best = { name, match: progress.match };
    }
    return best?.name;
  }

  /** Somebody else leads, or nobody. */
  observe(): void {
    const { leadership } = this.#parts;
    if (this.#waiting === undefined || leadership.isLeader || leadership.lead === NONE) return;
    const isThere = leadership.lead === this.#waiting.target;
    this.#settle(
      isThere ? undefined : new CaissonError('UNAVAILABLE', { problem: 'another node took over' }),
    );
  }

  tick(): void {
    if (this.#waiting === undefined || ++this.#waiting.ticks < this.#parts.limitTicks) return;
    this.#settle(new CaissonError('UNAVAILABLE', { problem: 'the target did not take over in time' }));
  }

  fail(error: CaissonError): void {
    this.#settle(error);
  }

  #settle(error: CaissonError | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.settle(error);
  }

  #idOf(target: string): NodeId {
    const { members, raw } = this.#parts;
    const { progress } = raw.status();
    for (const id of progress.keys()) if (members.book.byRaftId(id)?.name === target) return id;
    throw new CaissonError('INVALID_ARGUMENT', { field: 'target', target, problem: 'is not known here' });
  }
}
