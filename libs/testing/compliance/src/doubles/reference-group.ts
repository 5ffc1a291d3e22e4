import { ByteReader, ByteWriter, concatBytes, toUtf8 } from '@caisson/base';
import {
  type Applier,
  type ApplyOutcome,
  CaissonError,
  type Consistency,
  type GroupApplier,
  type GroupEncryption,
  type GroupStatus,
  type LogEntry,
  type MaintenanceSlice,
  type Proposed,
  type ProposeOptions,
  type RaftLog,
  type ReadableStore,
  type ReadPoint,
  type ReplicatedGroup,
} from '@caisson/contracts';
import { Lane } from './lane.js';

const APPLIED_ROW = concatBytes(Uint8Array.of(0x01), toUtf8('!applied'));

export interface ReferenceGroupParts {
  readonly id: number;
  readonly log: RaftLog;
  readonly encryption: GroupEncryption;
  readonly onFatal: (error: CaissonError) => void;
}

/** One group: everything that writes goes through its lane, entry by entry. */
export class ReferenceGroup implements ReplicatedGroup {
  readonly id: number;
  readonly store: ReadableStore;
  readonly #parts: ReferenceGroupParts;
  readonly #lane = new Lane();
  #owners: readonly (readonly [Applier, GroupApplier])[] = [];
  #applied = 0;
  #refused = 0;
  #halt: CaissonError | undefined;

  constructor(parts: ReferenceGroupParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.store = parts.encryption.store;
  }

  async start(appliers: readonly Applier[]): Promise<void> {
    const { id } = this;
    const { log, encryption } = this.#parts;
    const { store } = encryption;
    const open = async (applier: Applier) => [applier, await applier.open({ id, store })] as const;
    this.#owners = await Promise.all(appliers.map(open));
    const row = await store.get(APPLIED_ROW);
    this.#applied = row === undefined ? 0 : new ByteReader(row).index('applied');
    while (this.#applied < log.last) {
      const [entry] = await log.read(this.#applied + 1, log.last, 0);
      await this.#apply(entry!);
    }
  }

  async propose(payload: Uint8Array, { source, signal }: ProposeOptions): Promise<Proposed> {
    const refusal = this.#parts.encryption.admission(source);
    if (refusal !== undefined) throw refusal;
    if (signal?.aborted === true) throw new CaissonError('CANCELLED');
    return this.#lane.run(() => this.#replicate(payload));
  }

  readBarrier(_consistency: Consistency): Promise<ReadPoint> {
    return this.#lane.run(async () => ({ position: this.#applied, staleMs: 0 }));
  }

  async maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    for (let more = true; more && signal?.aborted !== true; ) {
      more = await this.#lane.run(async () => {
        this.#assertRunning();
        const batch = this.#parts.encryption.store.batch();
        const progress = await slice(batch);
        await batch.write({ sync: false });
        return progress.more;
      });
    }
  }

  status(): GroupStatus {
    return {
      id: this.id,
      applied: this.#applied,
      durable: this.#parts.log.last,
      leads: true,
      leadership: 1,
      members: [{ name: 'reference', role: 'voter' }],
      refused: this.#refused,
      ...(this.#halt && { halted: this.#halt.message }),
    };
  }

  async stop(): Promise<void> {
    await this.#lane.run(async () => {
      await this.#parts.log.close();
      await this.#parts.encryption.close();
    });
  }

  async #replicate(payload: Uint8Array): Promise<Proposed> {
    this.#assertRunning();
    const { log, encryption } = this.#parts;
    const [index, term] = [log.last + 1, 1];
    const data = encryption.sealProposal({ term, index, proposalId: BigInt(index) }, payload);
    const entry: LogEntry = { index, term, kind: 'normal', data };
    await log.append({ entries: [entry] });
    return { position: index, outcome: await this.#apply(entry) };
  }

  /** Effects and applied index in one batch; whatever fails stops the group before its index moves. */
  async #apply({ index, term, data }: LogEntry): Promise<ApplyOutcome> {
    try {
      const { store } = this.#parts.encryption;
      const batch = store.batch();
      const outcome = await this.#outcomeOf(index, term, data, batch);
      batch.put(APPLIED_ROW, new ByteWriter().index(index).done());
      await batch.write({ sync: true });
      for (const [, group] of this.#owners) group.written();
      this.#applied = index;
      if (outcome.kind === 'refused') this.#refused++;
      return outcome;
    } catch (cause) {
      this.#halt = new CaissonError('APPLY_HALTED', { group: this.id, index }, { cause });
      this.#parts.onFatal(this.#halt);
      throw this.#halt;
    }
  }

  #outcomeOf(
    index: number,
    term: number,
    data: Uint8Array,
    batch: Parameters<GroupApplier['apply']>[1],
  ): Promise<ApplyOutcome> | ApplyOutcome {
    const opened = this.#parts.encryption.openProposal({ term, index }, data);
    if (opened.kind === 'refused') return opened;
    const { payload, proposalId } = opened;
    const opcode = payload[0] ?? 0;
    const owner = this.#owners.find(([{ opcodes }]) =>
      opcodes.some(({ first, last }) => opcode >= first && opcode <= last),
    );
    if (owner === undefined) throw new CaissonError('OPCODE_UNOWNED', { opcode });
    return owner[1].apply({ group: this.id, term, index, proposalId, payload }, batch);
  }

  #assertRunning(): void {
    if (this.#halt !== undefined) throw this.#halt;
  }
}
