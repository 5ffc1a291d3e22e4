import { createDeferred, type Deferred } from '@caisson/base';
import { ManualClock, plaintextSide } from '@caisson/compliance';
import {
  CaissonError,
  type GroupApplier,
  type GroupStatus,
  type Logger,
  type MaintenanceSlice,
  type Proposed,
  type ReadPoint,
  type ReplicatedGroup,
  type ReplicationEngine,
  type Store,
} from '@caisson/contracts';
import { MemoryStores } from '@caisson/store-memory';
import { Kv, KvApplier, KvGroups, type KvOptions } from '../index.js';

export interface SharedEntry {
  readonly payload: Uint8Array;
  readonly leadership: number;
  readonly by: Replica;
}

/** One order of entries that replicas share, and who leads: agreement without its work. */
export class SharedLog {
  readonly entries: SharedEntry[] = [];
  readonly replicas: Replica[] = [];
  /** Sees each payload before it is in the log. */
  onPropose: (payload: Uint8Array, by: Replica) => void = () => undefined;
  leadership = 0;
  leader: Replica | undefined;

  lead(leader: Replica | undefined): void {
    this.leader = leader;
    this.leadership += 1;
  }
}

const logger: Logger = { log: () => undefined, child: () => logger };

/** A node of its own clock and store over a shared log. Applies when it leads, and when it is asked. */
export class Replica implements ReplicationEngine, ReplicatedGroup {
  readonly capabilities = { membership: false, snapshots: false };
  readonly groups = [1];
  readonly id = 1;
  readonly clock = new ManualClock();
  readonly shared = new KvGroups({ clock: this.clock });
  kv!: Kv;
  store!: Store;
  applied = 0;
  readonly #log: SharedLog;
  readonly #answers = new Map<number, Deferred<Proposed>>();
  #applier!: GroupApplier;
  #writer: Promise<void> = Promise.resolve();

  static async open(log: SharedLog, options: Partial<KvOptions> = {}): Promise<Replica> {
    const replica = new Replica(log);
    await replica.replaceStore(new MemoryStores());
    const { clock, shared: groups } = replica;
    replica.kv = new Kv({ engine: replica, groups, clock, logger, ...options });
    log.replicas.push(replica);
    return replica;
  }

  private constructor(log: SharedLog) {
    this.#log = log;
  }

  /** Opens the applier over the store, as after a snapshot took the place of the one before. */
  async replaceStore(stores: MemoryStores, applied = 0): Promise<void> {
    this.store = plaintextSide(await stores.open('group'));
    this.#applier = await new KvApplier(this.shared).open({ id: 1, store: this.store });
    this.applied = applied;
  }

  group(): ReplicatedGroup {
    return this;
  }

  propose(payload: Uint8Array): Promise<Proposed> {
    if (this.#log.leader !== this) return Promise.reject(new CaissonError('NOT_LEADER', { group: 1 }));
    this.#log.onPropose(payload, this);
    const position = this.#log.entries.push({ payload, leadership: this.#log.leadership, by: this });
    const answer = createDeferred<Proposed>();
    this.#answers.set(position, answer);
    void this.catchUp();
    return answer.promise;
  }

  async readBarrier(): Promise<ReadPoint> {
    await this.catchUp();
    return { position: this.applied, staleMs: 0 };
  }

  async maintain(slice: MaintenanceSlice): Promise<void> {
    for (let isMore = true; isMore; ) {
      const batch = this.store.batch();
      isMore = (await slice(batch)).more;
      if (batch.size > 0) await batch.write({ sync: false });
    }
  }

  status(): GroupStatus {
    const { leadership, leader } = this.#log;
    const { applied } = this;
    const leads = leader === this;
    return { id: 1, applied, durable: applied, leads, leadership, members: [], refused: 0 };
  }

  catchUp(): Promise<void> {
    this.#writer = this.#writer.then(() => this.#applyRest());
    return this.#writer;
  }

  async #applyRest(): Promise<void> {
    for (; this.applied < this.#log.entries.length; this.applied++) {
      const index = this.applied + 1;
      const { payload } = this.#log.entries[this.applied]!;
      const batch = this.store.batch();
      const outcome = await this.#applier.apply({ group: 1, term: 1, index, proposalId: 0n, payload }, batch);
      await batch.write({ sync: true });
      this.#applier.written();
      this.#answers.get(index)?.resolve({ position: index, outcome });
    }
  }

  changeMembership(): Promise<void> {
    return Promise.reject(new CaissonError('UNIMPLEMENTED'));
  }

  transferLeadership(): Promise<void> {
    return Promise.reject(new CaissonError('UNIMPLEMENTED'));
  }

  takeSnapshot(): Promise<number> {
    return Promise.reject(new CaissonError('UNIMPLEMENTED'));
  }
}
