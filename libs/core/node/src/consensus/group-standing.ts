import type { GroupStatus, Member } from '@caisson/contracts';
import { NONE } from '@caisson/raft';
import type { GroupCondition } from './group-condition.js';
import type { GroupMachinery } from './group-machinery.js';
import { memberStatuses } from './member-progress.js';

export interface StandingParts {
  readonly id: number;
  readonly logStart: number;
  readonly machinery: GroupMachinery;
  readonly condition: GroupCondition;
}

/** How a group stands at one moment. Asked for with every timestamp that is drawn, mostly for who leads. */
export class GroupStanding implements GroupStatus {
  readonly id: number;
  readonly applied: number;
  readonly durable: number;
  readonly logStart: number;
  readonly leads: boolean;
  readonly leadership: number;
  readonly leader?: string;
  readonly halted?: string;
  readonly refused: number;
  readonly #machinery: GroupMachinery;

  constructor({ condition, id, logStart, machinery }: StandingParts) {
    const { appendThread, leadership, loop, raw } = machinery;
    const { halted, isDraining } = condition;
    const leader = leadership.leaderName;
    this.id = id;
    this.applied = loop.applied;
    this.durable = appendThread.durable;
    this.logStart = logStart;
    this.leads = leadership.isReady && halted === undefined && !isDraining && raw.raft.transferee === NONE;
    this.leadership = leadership.term;
    if (leader !== undefined && leader !== '') this.leader = leader;
    if (halted !== undefined) this.halted = halted.message;
    this.refused = loop.refused;
    this.#machinery = machinery;
  }

  /** As it is when it is asked for; few ask. */
  get members(): readonly Member[] {
    return memberStatuses(this.#machinery);
  }
}
