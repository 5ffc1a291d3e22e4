import {
  CaissonError,
  type GroupStatus,
  type Member,
  type MembershipChange,
  type ReadableStore,
  type ReadPoint,
  type ReplicatedGroup,
  type ReplicationEngine,
} from '@caisson/contracts';

/** One group whose members change as they are told to. */
export class ScriptedGroup {
  readonly id: number;
  members: Member[];
  leader = 'n1';
  applied = 100;
  halted: string | undefined;
  store!: ReadableStore;

  constructor(id: number, names: readonly string[]) {
    this.id = id;
    this.members = names.map((name) => voter(name));
  }

  status(self: string): GroupStatus {
    const { applied, halted, id, leader, members } = this;
    const base = { id, applied, durable: applied, leads: leader === self, leader, leadership: 1, refused: 0 };
    return { ...base, members, ...(halted === undefined ? {} : { halted }) };
  }

  member(name: string): Member | undefined {
    return this.members.find((member) => member.name === name);
  }

  put(member: Member): void {
    this.members = [...this.members.filter(({ name }) => name !== member.name), member];
  }
}

export function voter(name: string, matched = 100): Member {
  const addresses = { address: `${name}:7000`, clientAddress: `${name}:8000` };
  return { name, role: 'voter', ...addresses, progress: { matched, state: 'following', active: true } };
}

/** An engine on the node `self` that knows what it was asked, and refuses what the script says. */
export class ScriptedEngine {
  readonly asked: string[] = [];
  /** Thrown by the next changes, one each. */
  readonly failures: CaissonError[] = [];
  lagging = 0;
  barriers = 0;
  readonly #self: string;
  readonly #groups: ReadonlyMap<number, ScriptedGroup>;

  constructor(self: string, groups: readonly ScriptedGroup[]) {
    this.#self = self;
    this.#groups = new Map(groups.map((group) => [group.id, group]));
  }

  asEngine(): ReplicationEngine {
    return {
      groups: [...this.#groups.keys()],
      group: (id: number) => this.#group(id),
      changeMembership: (id: number, change: MembershipChange) => this.#change(this.#groups.get(id)!, change),
      transferLeadership: async (id: number, target: string) => {
        this.asked.push(`${id} transfer ${target}`);
        this.#groups.get(id)!.leader = target;
      },
    } as unknown as ReplicationEngine;
  }

  #group(id: number): ReplicatedGroup {
    const group = this.#groups.get(id)!;
    return {
      id,
      store: group.store,
      status: () => group.status(this.#self),
      readBarrier: async (): Promise<ReadPoint> => {
        this.barriers++;
        return { position: group.applied, staleMs: 0 };
      },
    } as unknown as ReplicatedGroup;
  }

  async #change(group: ScriptedGroup, change: MembershipChange): Promise<void> {
    this.asked.push(`${group.id} ${change.kind} ${change.name}`);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (group.leader !== this.#self) throw new CaissonError('NOT_LEADER', { leader: group.leader });
    const { name } = change;
    if (change.kind === 'promote' && this.lagging-- > 0) throw new CaissonError('NOT_CAUGHT_UP');
    if (change.kind === 'remove') group.members = group.members.filter((member) => member.name !== name);
    else if (change.kind === 'promote') group.put({ ...group.member(name)!, role: 'voter' });
    else group.put({ ...voter(name), ...change, role: group.member(name)?.role ?? 'learner' });
  }
}
