import { concatBytes, EMPTY_BYTES, toUtf8 } from '@caisson/base';
import {
  type Applier,
  type ApplyEntry,
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type GroupEncryption,
  type MaintenanceSlice,
  type ProposalSource,
  type ProposeOptions,
  type ReplicationEngine,
  type StoreBatch,
} from '@caisson/contracts';
import {
  decodeIndexRow,
  encodeGenesis,
  encodeHeader,
  encodeIndexRow,
  encodeMembership,
  encodeTimestampRow,
  fullNodeId,
  OPCODES,
  SYSTEM_KEYS,
  versionKey,
} from '@caisson/formats';
import type { World } from './world.js';

export interface LogRecord {
  readonly term: number;
  readonly data: Uint8Array;
}

/** Just enough of an engine: an in-memory log that outlives it, and apply in order, one batch an entry. */
export class MiniEngine {
  readonly encryption: GroupEncryption;
  term = 1;
  applied = 0;
  halted: unknown;
  readonly #world: World;
  readonly #appliers: readonly [Applier, GroupApplier][];
  readonly #outcomes = new Map<number, ApplyOutcome>();
  #writer: Promise<unknown> = Promise.resolve();

  private constructor(
    world: World,
    encryption: GroupEncryption,
    appliers: readonly [Applier, GroupApplier][],
  ) {
    this.#world = world;
    this.encryption = encryption;
    this.#appliers = appliers;
  }

  /** Opens group 1, takes the epoch, and applies what the log holds above the applied index. */
  static async open(
    world: World,
    encryption: GroupEncryption,
    appliers: readonly Applier[],
  ): Promise<MiniEngine> {
    const group = { id: 1, store: encryption.store };
    const opened: [Applier, GroupApplier][] = [];
    for (const applier of [...appliers, notes]) opened.push([applier, await applier.open(group)]);
    const engine = new MiniEngine(world, encryption, opened);
    await encryption.beginSealing({ last: world.log.length });
    const row = await encryption.store.get(SYSTEM_KEYS.appliedIndex);
    engine.applied = row === undefined ? 0 : decodeIndexRow(row);
    await engine.replay();
    if (world.log.length === 0) await engine.propose(genesis(world), 'system');
    return engine;
  }

  /** As the lifecycle driver sees it. */
  asReplicationEngine(): ReplicationEngine {
    const group = {
      id: 1,
      status: () => ({ leads: true, applied: this.applied }),
      propose: async (payload: Uint8Array, { source }: ProposeOptions) => {
        const outcome = await this.propose(payload, source);
        return { position: this.applied, outcome };
      },
      maintain: (slice: MaintenanceSlice, signal?: AbortSignal) => this.maintain(slice, signal),
    };
    return { groups: [1], group: () => group } as unknown as ReplicationEngine;
  }

  async propose(payload: Uint8Array, source: ProposalSource = 'user'): Promise<ApplyOutcome> {
    const refusal = this.encryption.admission(source);
    if (refusal !== undefined) throw refusal;
    this.append(payload);
    const index = this.#world.log.length;
    const last = await this.replay();
    return this.#outcomes.get(index) ?? last;
  }

  /** Into the log only, as a leader does that has not applied what comes before. */
  append(payload: Uint8Array): void {
    const index = this.#world.log.length + 1;
    const at = { term: this.term, index, proposalId: BigInt(index) };
    this.#world.log.push({ term: this.term, data: this.encryption.sealProposal(at, payload) });
  }

  appendRaw(data: Uint8Array): void {
    this.#world.log.push({ term: this.term, data });
  }

  /** Applies whatever is not applied yet; answers the last outcome. Stops for good where an entry halts. */
  async replay(): Promise<ApplyOutcome> {
    let outcome: ApplyOutcome = { kind: 'applied', result: EMPTY_BYTES };
    if (this.halted !== undefined) throw this.halted;
    while (this.applied < this.#world.log.length) {
      outcome = await this.#inTurn(async () =>
        this.applied < this.#world.log.length ? this.#applyNext() : outcome,
      );
    }
    return outcome;
  }

  async maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    for (let more = true; more && signal?.aborted !== true; ) {
      await this.#world.willMaintain();
      more = await this.#inTurn(async () => {
        const batch = this.encryption.store.batch();
        const result = await slice(batch);
        if (batch.size > 0) await batch.write({ sync: false });
        return result.more;
      });
    }
  }

  /** One writer: applies and slices take turns. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#writer.then(task);
    this.#writer = done.catch(() => undefined);
    return done;
  }

  async #applyNext(): Promise<ApplyOutcome> {
    const index = this.applied + 1;
    const { term, data } = this.#world.log[index - 1]!;
    try {
      const opened = this.encryption.openProposal({ term, index }, data);
      const batch = this.encryption.store.batch();
      const outcome =
        opened.kind === 'refused'
          ? ({ kind: 'refused', error: opened.error } as const)
          : await this.#apply({ group: 1, term, index, ...opened }, batch);
      batch.put(SYSTEM_KEYS.appliedIndex, encodeIndexRow(index));
      this.#world.willWrite(index);
      await batch.write({ sync: outcome.kind === 'applied' && outcome.sync === true });
      this.applied = index;
      this.#outcomes.set(index, outcome);
      for (const [, applier] of this.#appliers) applier.written();
      return outcome;
    } catch (error) {
      this.halted = error;
      throw error;
    }
  }

  async #apply(entry: ApplyEntry, batch: StoreBatch): Promise<ApplyOutcome> {
    const opcode = entry.payload[0]!;
    if (opcode === OPCODES.genesis) return applyGenesis(this.#world, entry, batch);
    const owner = this.#appliers.find(([{ opcodes }]) =>
      opcodes.some((r) => r.first <= opcode && opcode <= r.last),
    );
    if (owner === undefined) throw new CaissonError('OPCODE_UNOWNED', { opcode });
    return owner[1].apply(entry, batch);
  }
}

/** `0x00 ‖ key length ‖ key ‖ value`: written as a version whose timestamp is the index of the entry. */
export function note(key: string, value: string): Uint8Array {
  const name = toUtf8(key);
  return concatBytes(Uint8Array.of(OPCODES.command, name.length), name, toUtf8(value));
}

const notes: Applier = {
  id: 'notes',
  opcodes: [{ first: 0, last: 1, alone: false }],
  open: async () => ({
    apply({ payload, index }, batch) {
      const end = 2 + payload[1]!;
      const header = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });
      batch.put(
        versionKey(payload.subarray(2, end), BigInt(index)),
        concatBytes(header, payload.subarray(end)),
      );
      batch.put(SYSTEM_KEYS.lastCommitTs, encodeTimestampRow(BigInt(index)));
      return { kind: 'applied', result: EMPTY_BYTES };
    },
    written: () => undefined,
  }),
};

function genesis({ identity }: World): Uint8Array {
  return encodeGenesis({ clusterId: identity.clusterId, group: 1, format: 1 });
}

function applyGenesis({ identity }: World, { index }: ApplyEntry, batch: StoreBatch): ApplyOutcome {
  const id = fullNodeId(identity.name);
  batch.put(SYSTEM_KEYS.clusterId, identity.clusterId);
  const rest = { votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const peers = [{ id, name: identity.name, address: '', clientAddress: '' }];
  batch.put(SYSTEM_KEYS.membership, encodeMembership({ index, voters: [id], peers, ...rest }));
  return { kind: 'applied', result: EMPTY_BYTES };
}
