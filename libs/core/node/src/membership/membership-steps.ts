import {
  type AddRequest,
  CaissonError,
  type Clock,
  type ClusterProgress,
  type GroupStatus,
  isCaissonError,
  type Member,
  type MemberAddresses,
  type MembershipChange,
  type ReplicatedGroup,
  type ReplicationEngine,
} from '@caisson/contracts';

export interface MembershipStepsParts {
  readonly engine: ReplicationEngine;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly group: ReplicatedGroup;
  /** Name of this node. */
  readonly self: string;
  readonly signal: AbortSignal | undefined;
}

type Steps = AsyncGenerator<ClusterProgress, void, undefined>;

const PAUSE_MS = 200;
/** How long another change may keep this one waiting, in pauses. */
const PENDING_PAUSES_MAX = 50;

/**
 * Orders about the members of one group, from where they stand to where they should. What is in force is
 * looked up each time, behind a barrier, so that an order goes on where an earlier one ended, also one that
 * another node carried out.
 */
export class MembershipSteps {
  readonly #parts: MembershipStepsParts;

  constructor(parts: MembershipStepsParts) {
    this.#parts = parts;
  }

  async *add({ name, learner, address, clientAddress }: AddRequest): Steps {
    const stated = { address, clientAddress };
    const member = await this.#lookUp(name);
    if (member?.role === 'voter' && learner === true) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'learner', name, problem: 'votes already' });
    }
    if (member?.role === 'voter') return yield* this.#move(member, stated);
    if (member === undefined || !isAt(member, stated)) {
      yield this.#step('asking');
      await this.#change({ kind: 'addLearner', name, ...stated });
      yield this.#step('adding');
    }
    if (learner !== true) yield* this.#catchUp(name);
    yield this.#step('done');
  }

  async *promote(name: string): Steps {
    const member = await this.#lookUp(name);
    if (member === undefined) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'name', name, problem: 'is no member' });
    }
    if (member.role === 'learner') yield* this.#catchUp(name);
    yield this.#step('done');
  }

  async *remove(name: string): Steps {
    if ((await this.#lookUp(name)) !== undefined) {
      const hasToHandOver = name === this.#parts.self && this.#status.leads;
      yield this.#step(hasToHandOver ? 'transferring' : 'removing');
      await this.#change({ kind: 'remove', name });
    }
    yield this.#step('done');
  }

  /** To `target`; without one, away from this node to the voter that is furthest. */
  async *transfer(target: string | undefined): Steps {
    const { engine, group, self, signal } = this.#parts;
    const { leads, leader } = this.#status;
    const goal = target ?? (leads ? successor(this.#status, self) : leader);
    if (goal !== leader && !leads) throw this.#notLeader();
    if (leads && goal !== self) {
      if (goal === undefined) throw new CaissonError('UNAVAILABLE', { problem: 'nobody can take over' });
      yield this.#step('transferring');
      await engine.transferLeadership(group.id, goal, signal);
    }
    yield this.#step('done');
  }

  get #status(): GroupStatus {
    return this.#parts.group.status();
  }

  /** A voter with other addresses than the ones stated is told about, not added again. */
  async *#move(member: Member, stated: MemberAddresses): Steps {
    if (!isAt(member, stated)) await this.#change({ kind: 'update', name: member.name, ...stated });
    yield this.#step('done');
  }

  /** Until the leader finds it close enough to vote. */
  async *#catchUp(name: string): Steps {
    const { clock, signal } = this.#parts;
    let told: number | undefined;
    for (;;) {
      const { durable, leads, members } = this.#status;
      if (!leads) throw this.#notLeader();
      const matched = members.find((member) => member.name === name)?.progress?.matched ?? 0;
      if (matched !== told) yield this.#step('catching-up', { matched, goal: durable });
      told = matched;
      if (await this.#isPromoted(name)) break;
      await clock.sleep(PAUSE_MS, signal);
    }
    yield this.#step('promoting');
  }

  async #isPromoted(name: string): Promise<boolean> {
    try {
      await this.#change({ kind: 'promote', name });
      return true;
    } catch (error) {
      if (isCaissonError(error, 'NOT_CAUGHT_UP')) return false;
      throw error;
    }
  }

  /** Waits for other changes, such as a leader's that publishes its own addresses. */
  async #change(change: MembershipChange): Promise<void> {
    const { clock, engine, group, signal } = this.#parts;
    for (let pauses = 0; ; pauses++) {
      try {
        return await engine.changeMembership(group.id, change, signal);
      } catch (error) {
        if (!isCaissonError(error, 'CHANGE_PENDING') || pauses === PENDING_PAUSES_MAX) throw error;
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  }

  /** The member as of now, on whichever node this runs. */
  async #lookUp(name: string): Promise<Member | undefined> {
    const { group, signal } = this.#parts;
    await group.readBarrier('linearizable', signal);
    return this.#status.members.find((member) => member.name === name);
  }

  #notLeader(): CaissonError {
    const { id, leader, members } = this.#status;
    const address = members.find(({ name }) => name === leader)?.clientAddress;
    return new CaissonError('NOT_LEADER', {
      group: id,
      ...(leader !== undefined && { leader }),
      ...(address !== undefined && { address }),
    });
  }

  #step(step: ClusterProgress['step'], progress: Partial<ClusterProgress> = {}): ClusterProgress {
    return { group: this.#parts.group.id, step, ...progress };
  }
}

function isAt({ address = '', clientAddress = '' }: Member, stated: MemberAddresses): boolean {
  return address === stated.address && clientAddress === stated.clientAddress;
}

/** The follower that votes, is there, and has most of the log. */
function successor({ members }: GroupStatus, self: string): string | undefined {
  const able = members.filter(
    ({ name, role, progress }) => name !== self && role === 'voter' && progress?.active === true,
  );
  able.sort((a, b) => b.progress!.matched - a.progress!.matched);
  return able[0]?.name;
}
