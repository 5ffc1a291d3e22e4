import {
  type Applier,
  CaissonError,
  type Clock,
  type DataDirectory,
  type EncryptionLayer,
  type EngineCapabilities,
  type Faults,
  type HealthReport,
  type Logger,
  type MembershipChange,
  type Meter,
  type RaftLogs,
  type RaftTransport,
  type Random,
  type ReplicatedGroup,
  type ReplicationEngine,
  type ScrubOrder,
  type ScrubState,
} from '@caisson/contracts';
import {
  AddressBook,
  Admission,
  type ConsensusGroup,
  genesisApplier,
  type GroupHouse,
  GroupReceiver,
  type NodeSnapshots,
  OpcodeTable,
  openGroup,
  PeerQuestions,
  Ticker,
  Turns,
} from '@caisson/node';
import { consensusOptions, type EngineRaftConfig } from './config.js';

export interface EngineServices {
  readonly logs: RaftLogs;
  readonly encryption: EncryptionLayer;
  readonly appliers: readonly Applier[];
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter | undefined;
  /** Without one this node is a cluster of its own. */
  readonly transport: RaftTransport | undefined;
  /** Without them the log is all that members can be fed from. */
  readonly snapshots: NodeSnapshots | undefined;
}

/** Replication by Raft: one group of nodes for each group of entries, over one transport and one timer. */
export class RaftEngine implements ReplicationEngine {
  readonly capabilities: EngineCapabilities = Object.freeze({ membership: true, snapshots: true });
  readonly groups: readonly number[];
  readonly #config: EngineRaftConfig;
  readonly #services: EngineServices;
  readonly #faults: Faults;
  readonly #opcodes: OpcodeTable;
  readonly #questions: PeerQuestions;
  readonly #open = new Map<number, ConsensusGroup>();

  constructor(config: EngineRaftConfig, services: EngineServices, faults: Faults) {
    this.groups = [...config.groups].sort((a, b) => a - b);
    this.#config = config;
    this.#services = services;
    this.#faults = faults;
    this.#questions = new PeerQuestions({
      identity: () => services.directory.identity,
      layer: services.encryption,
      groups: this.groups,
    });
    // The directory's identity is known only once it is started; who owns which opcode is known now.
    const genesis = genesisApplier(() => services.directory.identity);
    this.#opcodes = new OpcodeTable([genesis, ...services.appliers]);
  }

  /** Opens the groups one after the other; when one fails, those before it are closed again. */
  async start(signal?: AbortSignal): Promise<void> {
    const house = this.#house();
    this.#services.transport?.receive(this.#receiver());
    try {
      for (const id of this.groups) {
        const group = await openGroup(id, house, signal);
        this.#open.set(id, group);
        await group.start(signal);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async drain(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#open.values()].map((group) => group.drain(signal)));
  }

  /** Closes every group, also after one failed to; the first failure is thrown at the end. */
  async stop(): Promise<void> {
    const groups = [...this.#open.values()].reverse();
    this.#open.clear();
    const results = await Promise.allSettled(groups.map((group) => group.stop()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** The worst that any group says. */
  health(): HealthReport {
    const reports = [...this.#open.values()].map((group) => group.health());
    const failed = reports.find(({ status }) => status === 'failed');
    return failed ?? reports.find(({ status }) => status === 'degraded') ?? { status: 'ok' };
  }

  group(id: number): ReplicatedGroup {
    return this.#group(id);
  }

  async changeMembership(group: number, change: MembershipChange, signal?: AbortSignal): Promise<void> {
    await this.#group(group).changeMembership(change, signal);
  }

  async transferLeadership(group: number, target: string, signal?: AbortSignal): Promise<void> {
    await this.#group(group).transferLeadership(target, signal);
  }

  async takeSnapshot(group: number, signal?: AbortSignal): Promise<number> {
    return this.#group(group).takeSnapshot(signal);
  }

  scrub(group: number, order: ScrubOrder): ScrubState {
    return this.#group(group).scrub(order);
  }

  #group(id: number): ConsensusGroup {
    const group = this.#open.get(id);
    if (group !== undefined) return group;
    if (this.groups.includes(id)) {
      throw new CaissonError('UNAVAILABLE', { group: id, problem: 'is not open' });
    }
    throw new CaissonError('INVALID_ARGUMENT', { field: 'group', group: id, problem: 'is not on this node' });
  }

  /** What all groups share. */
  #house(): GroupHouse {
    const { clock, directory, logger, logs, meter, random, snapshots, transport } = this.#services;
    const { clientAddress, ticks } = this.#config;
    const book = new AddressBook(directory.identity.name, transport);
    return {
      logs,
      layer: this.#questions.layer,
      directory,
      opcodes: this.#opcodes,
      options: consensusOptions(this.#config),
      services: { clock, random, meter, logger },
      faults: this.#faults,
      turns: new Turns(clock),
      ticker: new Ticker(clock, ticks.ms),
      transport,
      addresses: transport && { address: transport.address, clientAddress },
      nodeSnapshots: snapshots,
      connect: (group, peers) => book.connect(group, peers),
      admission: transport && this.#admission(transport),
    };
  }

  #admission(transport: RaftTransport): Admission {
    const { clock, directory } = this.#services;
    const { answerMs, lagEntries } = this.#config.membership;
    return new Admission({
      identity: () => directory.identity,
      transport,
      clock,
      limits: { answerMs, lagEntries },
    });
  }

  #receiver(): GroupReceiver {
    return new GroupReceiver({
      groupOf: (id) => this.#open.get(id),
      groups: () => this.#open.values(),
      logger: this.#services.logger,
      questions: this.#questions.answerers,
    });
  }
}
