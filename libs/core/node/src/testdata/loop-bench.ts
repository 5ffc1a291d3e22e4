import { concatBytes, EMPTY_BYTES } from '@caisson/base';
import {
  type Applier,
  type ApplyEntry,
  type ApplyOutcome,
  CaissonError,
  type LogEntry,
  type Logger,
  type OpenedProposal,
  type Store,
  type StoreBatch,
  type WritableBatch,
} from '@caisson/contracts';
import { decodeProposal, encodeClearProposal, systemKey } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import {
  Answers,
  AppliedPosition,
  type ApplyLimits,
  ApplyLoop,
  NodeMetrics,
  OpcodeTable,
  PendingProposal,
  readAppliedRows,
  WriterQueue,
} from '../index.js';

export const OP = {
  put: 0x20,
  sync: 0x21,
  alone: 0x22,
  refuse: 0x23,
  dirtyRefuse: 0x24,
  fail: 0x25,
  leave: 0x26,
} as const;

const range = (opcode: number, alone = false) => ({ first: opcode, last: opcode, alone });

const logger: Logger = { log: () => undefined, child: () => logger };

export const rowKey = (slot: number): Uint8Array => concatBytes(systemKey('row|'), Uint8Array.of(slot));

export function entry(index: number, payload: readonly number[], term = 1): LogEntry {
  const data =
    payload.length === 0 ? EMPTY_BYTES : encodeClearProposal(BigInt(index), Uint8Array.from(payload));
  return { index, term, kind: 'normal', data };
}

/** An apply loop over a store in memory, with what it opened, wrote and told. */
export class LoopBench {
  readonly writes: { readonly size: number; readonly sync: boolean }[] = [];
  readonly opened: number[] = [];
  readonly fatal: CaissonError[] = [];
  readonly answers = new Answers();
  written = 0;
  isAsync = false;
  failWritten = false;
  failWrite = false;
  refuseAt = 0;
  store!: Store;
  loop!: ApplyLoop;

  async start(
    limits: ApplyLimits = { entries: 100, bytes: 1_000_000 },
    stores = new MemoryStores(),
  ): Promise<this> {
    const untrusted = await stores.open('/store');
    this.store = Object.assign(untrusted, { side: 'plaintext' as const, durable: true });
    const rows = await readAppliedRows(this.store);
    const batch = this.store.batch.bind(this.store);
    this.store.batch = () => this.#recorded(batch());
    this.loop = new ApplyLoop({
      group: 1,
      store: this.store,
      encryption: { openProposal: ({ index }, data) => this.#open(index, data) },
      appliers: await new OpcodeTable([this.#applier()]).open({ id: 1, store: this.store }),
      rows,
      position: new AppliedPosition(rows.applied),
      writer: new WriterQueue(),
      answers: this.answers,
      limits,
      metrics: new NodeMetrics(undefined, 1),
      faults: {
        degraded: () => undefined,
        recovered: () => undefined,
        fatal: (error) => void this.fatal.push(error),
      },
      logger,
    });
    return this;
  }

  async apply(...entries: readonly LogEntry[]): Promise<void> {
    this.loop.commit(entries);
    await this.loop.idle();
  }

  /** A caller waiting for the entry that `entry(index, …)` makes. */
  waitFor(index: number, { term = 1, proposalId = BigInt(index) } = {}): Promise<unknown> {
    const proposal = new PendingProposal(EMPTY_BYTES, proposalId, () => undefined);
    this.answers.expect(index, term, proposal);
    return proposal.answer.then(
      ({ outcome }) => outcome.kind,
      (error: CaissonError) => error.code,
    );
  }

  #open(index: number, data: Uint8Array): OpenedProposal {
    this.opened.push(index);
    const { proposalId, body } = decodeProposal(data);
    if (index !== this.refuseAt) return { kind: 'payload', proposalId, payload: body };
    return { kind: 'refused', proposalId, error: new CaissonError('ENVELOPE_CUTOVER_IN_PROGRESS') };
  }

  #recorded(batch: WritableBatch): WritableBatch {
    const write = batch.write.bind(batch);
    batch.write = async ({ sync }) => {
      if (this.failWrite) throw new CaissonError('DISK_FULL');
      this.writes.push({ size: batch.size, sync });
      await write({ sync });
    };
    return batch;
  }

  #applier(): Applier {
    const apply = (applied: ApplyEntry, batch: StoreBatch): ApplyOutcome | Promise<ApplyOutcome> =>
      this.isAsync ? Promise.resolve().then(() => effect(applied, batch)) : effect(applied, batch);
    const written = (): void => {
      this.written++;
      if (this.failWritten) throw new CaissonError('INTERNAL');
    };
    return {
      id: 'rows',
      opcodes: [
        range(OP.put),
        range(OP.sync),
        range(OP.alone, true),
        { first: OP.refuse, last: OP.leave, alone: false },
      ],
      open: async () => ({ apply, written }),
    };
  }
}

function effect({ payload }: ApplyEntry, batch: StoreBatch): ApplyOutcome {
  const [opcode, slot = 0] = payload;
  if (opcode === OP.fail) throw new CaissonError('CORRUPTION');
  if (opcode === OP.leave) throw new CaissonError('DRAINING');
  if (opcode === OP.refuse) return { kind: 'refused', error: new CaissonError('TIMESTAMP_BEHIND') };
  batch.put(rowKey(slot), payload);
  if (opcode === OP.dirtyRefuse) return { kind: 'refused', error: new CaissonError('TIMESTAMP_BEHIND') };
  return { kind: 'applied', result: EMPTY_BYTES, sync: opcode === OP.sync };
}
