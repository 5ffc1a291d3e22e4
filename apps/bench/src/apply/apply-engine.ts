import {
  Applier,
  CaissonError,
  CONTRACTS_VERSION,
  DataDirectory,
  definePlugin,
  EncryptionLayer,
  Logger,
  type MaintenanceSlice,
  type Plugin,
  type Proposed,
  Random,
  type ReadableStore,
  type ReplicatedGroup,
  ReplicationEngine,
  service,
  type Faults,
  type GroupEncryption,
  type GroupStatus,
  type LogEntry,
  type ReadPoint,
} from '@caisson/contracts';
import {
  Answers,
  AppliedPosition,
  ApplyLoop,
  genesisApplier,
  genesisPayload,
  NodeMetrics,
  OpcodeTable,
  PendingProposal,
  ProposalIds,
  readAppliedRows,
  WriterQueue,
} from '@caisson/node';

const GROUP = 1;
const TERM = 1;

interface EngineNeeds {
  readonly encryption: EncryptionLayer;
  readonly appliers: readonly Applier[];
  readonly directory: DataDirectory;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * An engine without a log: what is proposed is committed at once. It leaves the apply loop, the encryption
 * and the store as they are everywhere, and nothing else to measure.
 */
export class ApplyEngine implements ReplicationEngine, ReplicatedGroup {
  readonly capabilities = { membership: false, snapshots: false };
  readonly groups = [GROUP];
  readonly id = GROUP;
  /** Entries that may share a store batch. */
  batchEntries = 256;
  readonly #needs: EngineNeeds;
  readonly #faults: Faults;
  readonly #answers = new Answers();
  readonly #writer = new WriterQueue();
  readonly #ids: ProposalIds;
  #encryption!: GroupEncryption;
  #loop!: ApplyLoop;
  #last = 0;

  constructor(needs: EngineNeeds, faults: Faults) {
    this.#needs = needs;
    this.#faults = faults;
    this.#ids = new ProposalIds(needs.random);
  }

  get store(): ReadableStore {
    return this.#encryption.store;
  }

  async start(): Promise<void> {
    const { appliers, directory, encryption, logger } = this.#needs;
    this.#encryption = await encryption.openGroup(GROUP);
    const { store } = this.#encryption;
    const rows = await readAppliedRows(store);
    const table = new OpcodeTable([genesisApplier(() => directory.identity), ...appliers]);
    const opened = await table.open({ id: GROUP, store });
    await this.#encryption.beginSealing();
    const entries = () => this.batchEntries;
    this.#loop = new ApplyLoop({
      group: GROUP,
      store,
      encryption: this.#encryption,
      appliers: opened,
      rows,
      position: new AppliedPosition(rows.applied),
      writer: this.#writer,
      answers: this.#answers,
      limits: {
        bytes: Infinity,
        get entries() {
          return entries();
        },
      },
      metrics: new NodeMetrics(undefined, GROUP),
      faults: this.#faults,
      logger,
    });
    this.#last = rows.applied;
    await this.apply([genesisPayload(directory.identity, GROUP)]);
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#encryption.close();
  }

  /** Seals the payloads, applies them, and says how long the second part took. */
  async apply(payloads: readonly Uint8Array[]): Promise<{ readonly ms: number }> {
    const entries = payloads.map((payload) => this.#seal(payload).entry);
    const start = performance.now();
    this.#loop.commit(entries);
    await this.#loop.idle();
    if (this.#loop.halted) throw this.#loop.halted;
    return { ms: performance.now() - start };
  }

  get refused(): number {
    return this.#loop.refused;
  }

  async propose(payload: Uint8Array): Promise<Proposed> {
    const { entry, proposalId } = this.#seal(payload);
    const proposal = new PendingProposal(payload, proposalId, () => undefined);
    this.#answers.expect(entry.index, TERM, proposal);
    this.#loop.commit([entry]);
    return proposal.answer;
  }

  group(): ReplicatedGroup {
    return this;
  }

  async readBarrier(): Promise<ReadPoint> {
    await this.#loop.idle();
    return { position: this.#loop.applied, staleMs: 0 };
  }

  async maintain(slice: MaintenanceSlice): Promise<void> {
    await this.#writer.run(async () => {
      const batch = this.#encryption.store.batch();
      await slice(batch);
      if (batch.size > 0) await batch.write({ sync: false });
    });
  }

  status(): GroupStatus {
    const { applied, refused } = this.#loop;
    return { id: GROUP, applied, durable: applied, leads: true, leadership: 1, members: [], refused };
  }

  changeMembership(): Promise<void> {
    return Promise.reject(unimplemented());
  }

  transferLeadership(): Promise<void> {
    return Promise.reject(unimplemented());
  }

  takeSnapshot(): Promise<number> {
    return Promise.reject(unimplemented());
  }

  #seal(payload: Uint8Array): { readonly entry: LogEntry; readonly proposalId: bigint } {
    const index = ++this.#last;
    const proposalId = this.#ids.next();
    const data = this.#encryption.sealProposal({ term: TERM, index, proposalId }, payload);
    return { entry: { index, term: TERM, kind: 'normal', data }, proposalId };
  }
}

/** The plugin that puts it in the place of an engine; `onCreated` hands it out. */
export function applyEnginePlugin(onCreated: (engine: ApplyEngine) => void): Plugin {
  return definePlugin({
    id: 'engine-apply',
    contracts: CONTRACTS_VERSION,
    services: () => [
      service({
        provides: ReplicationEngine,
        needs: {
          encryption: EncryptionLayer,
          appliers: Applier,
          directory: DataDirectory,
          random: Random,
          logger: Logger,
        },
        create: (needs, faults) => {
          const engine = new ApplyEngine(needs, faults);
          onCreated(engine);
          return engine;
        },
        start: (engine) => engine.start(),
        stop: (engine) => engine.stop(),
      }),
    ],
  });
}

function unimplemented(): CaissonError {
  return new CaissonError('UNIMPLEMENTED', { engine: 'engine-apply' });
}
