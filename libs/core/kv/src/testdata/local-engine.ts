import { createDeferred, type Deferred } from '@caisson/base';
import { plaintextSide } from '@caisson/compliance';
import {
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type GroupStatus,
  type MaintenanceSlice,
  type Proposed,
  type ReadableStore,
  type ReadPoint,
  type ReplicatedGroup,
  type ReplicationEngine,
  type Store,
} from '@caisson/contracts';
import { OPCODES, payloadOpcode } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { type KvApplier } from '../index.js';

interface Waiting {
  readonly payload: Uint8Array;
  readonly answer: Deferred<Proposed>;
}

/**
 * The least that an engine is: proposals take their places when they are made and are applied in that order,
 * a few at a time, by one writer. Tests may hold it, refuse what comes, and count.
 */
export class LocalEngine implements ReplicationEngine, ReplicatedGroup {
  readonly capabilities = { membership: false, snapshots: false };
  readonly groups = [1];
  readonly id = 1;
  store!: ReadableStore;
  /** Payloads in log order, for replay. */
  readonly log: Uint8Array[] = [];
  readonly leading = { here: true, leadership: 1 };
  /** Answers to payloads of commands instead of applying them, once each, in order. */
  readonly refusals: CaissonError[] = [];
  /** Entries per batch. */
  batchEntries = 3;
  #plain!: Store;
  #applier!: GroupApplier;
  #waiting: Waiting[] = [];
  #writer: Promise<unknown> = Promise.resolve();
  #held: Deferred<void> | undefined;

  static async open(applier: KvApplier, stores = new MemoryStores()): Promise<LocalEngine> {
    const engine = new LocalEngine();
    engine.#plain = plaintextSide(await stores.open('group'));
    engine.store = engine.#plain;
    engine.#applier = await applier.open({ id: 1, store: engine.#plain });
    return engine;
  }

  group(): ReplicatedGroup {
    return this;
  }

  propose(payload: Uint8Array): Promise<Proposed> {
    if (!this.leading.here) return Promise.reject(new CaissonError('NOT_LEADER'));
    const answer = createDeferred<Proposed>();
    this.log.push(payload.slice());
    this.#waiting.push({ payload, answer });
    void this.#exclusively(() => this.#applySome());
    return answer.promise;
  }

  /** Everything proposed before is applied: more than asked for, and enough. */
  async readBarrier(): Promise<ReadPoint> {
    const position = this.log.length;
    await this.#writer;
    return { position, staleMs: 0 };
  }

  async maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const { more } = await this.#exclusively(async () => {
        const batch = this.#plain.batch();
        const progress = await slice(batch);
        if (batch.size > 0) await batch.write({ sync: false });
        return progress;
      });
      if (!more || signal?.aborted === true) return;
    }
  }

  /** Payloads of commands in log order: without the ceilings of the clock. */
  get commands(): readonly Uint8Array[] {
    return this.log.filter((payload) => payloadOpcode(payload) !== OPCODES.hlcCeiling);
  }

  status(): GroupStatus {
    const { length } = this.log;
    const { here, leadership } = this.leading;
    return { id: 1, applied: length, durable: length, leads: here, leadership, members: [], refused: 0 };
  }

  /** Nothing is applied until `release`. */
  hold(): void {
    this.#held = createDeferred();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
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

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writer.then(work);
    this.#writer = done.catch(() => undefined);
    return done;
  }

  async #applySome(): Promise<void> {
    await this.#held?.promise;
    const entries = this.#waiting.splice(0, this.batchEntries);
    if (entries.length === 0) return;
    const batch = this.#plain.batch();
    const outcomes: ApplyOutcome[] = [];
    for (const { payload } of entries) {
      const isCeiling = payloadOpcode(payload) === OPCODES.hlcCeiling;
      const error = isCeiling ? undefined : this.refusals.shift();
      const entry = { group: 1, term: 1, index: 1, proposalId: 0n, payload };
      outcomes.push(error ? { kind: 'refused', error } : await this.#applier.apply(entry, batch));
    }
    await batch.write({ sync: true });
    this.#applier.written();
    for (const [at, { answer }] of entries.entries())
      answer.resolve({ position: at, outcome: outcomes[at]! });
  }
}
