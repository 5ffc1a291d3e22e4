import { CaissonError, type Clock, type Logger } from '@caisson/contracts';
import { type NodeId, NONE, type RawNode } from '@caisson/raft';
import type { AppliedPosition } from '../reading/applied-position.js';
import type { ConsensusMetrics } from './consensus-metrics.js';
import type { Members } from './members.js';

export interface LeadershipParts {
  readonly group: number;
  readonly self: NodeId;
  readonly members: Members;
  readonly position: AppliedPosition;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
  readonly metrics: ConsensusMetrics;
  /** Leader or term are others than before. */
  onChange(): void;
}

/** Who leads, as this node knows, and since when. */
export class Leadership {
  readonly #parts: LeadershipParts;
  #term = 0;
  #lead: NodeId = NONE;
  /** The empty entry with which this node's own term begins. */
  #firstEntry = Infinity;
  #leaderlessSinceMs: number | undefined;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.#leaderlessSinceMs = parts.clock.monotonicMs();
  }

  /** Grows with every election, so with every new leadership. */
  get term(): number {
    return this.#term;
  }

  get lead(): NodeId {
    return this.#lead;
  }

  get isLeader(): boolean {
    return this.#lead === this.#parts.self;
  }

  /**
   * Whether proposals may enter the log: everything committed by earlier leaders is applied here. Before
   * that, state that decides what may be proposed could be out of date.
   */
  get isReady(): boolean {
    return this.isLeader && this.#parts.position.value >= this.#firstEntry;
  }

  get leaderlessMs(): number {
    const since = this.#leaderlessSinceMs;
    return since === undefined ? 0 : this.#parts.clock.monotonicMs() - since;
  }

  get leaderName(): string | undefined {
    return this.#parts.members.book.byRaftId(this.#lead)?.name;
  }

  /** Looks at the core. Called before anything is proposed, so that no change of term goes unnoticed. */
  observe({ raft }: RawNode): void {
    // Who leads takes the word of nobody else: a candidate of its own term leads nothing yet.
    const lead = raft.lead;
    if (raft.term === this.#term && lead === this.#lead) return;
    const isNew = lead === this.#parts.self && (raft.term !== this.#term || lead !== this.#lead);
    // Nothing is proposed before this is seen, so the log ends with the empty entry.
    if (isNew) this.#firstEntry = raft.log.lastIndex();
    const isNews = lead !== this.#lead;
    this.#term = raft.term;
    this.#lead = lead;
    this.#keepTime();
    this.#parts.metrics.leader(this.#term, this.isLeader);
    if (isNews) this.#tell();
    this.#parts.onChange();
  }

  /** Why proposals are refused here, and where to go instead. */
  notLeader(): CaissonError {
    const leader = this.#parts.members.book.byRaftId(this.#lead);
    const known = leader === undefined || this.isLeader ? undefined : leader;
    return new CaissonError('NOT_LEADER', {
      group: this.#parts.group,
      ...(known !== undefined && known.name !== '' && { leader: known.name }),
      ...(known !== undefined && known.clientAddress !== '' && { address: known.clientAddress }),
      ...(known !== undefined && known.address !== '' && { peerAddress: known.address }),
    });
  }

  #keepTime(): void {
    if (this.#lead !== NONE) this.#leaderlessSinceMs = undefined;
    else this.#leaderlessSinceMs ??= this.#parts.clock.monotonicMs();
  }

  #tell(): void {
    const { logger, metrics } = this.#parts;
    metrics.leaderChanged();
    const term = this.#term;
    if (this.isLeader) logger.log('info', 'leads the group', { term });
    else if (this.#lead === NONE) logger.log('info', 'knows no leader', { term });
    else logger.log('info', 'follows a leader', { term, leader: this.leaderName ?? 'not known by name' });
  }
}
