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
  type Meter,
  type NodeIdentity,
  type RaftLogs,
  type Random,
  type ReplicatedGroup,
  type ReplicationEngine,
  type ScrubOrder,
  type ScrubState,
} from '@caisson/contracts';
import { genesisApplier, OpcodeTable, readAppliedRows } from '@caisson/node';
import type { EngineSingleConfig } from './config.js';
import { appendTerm, checkContinuity } from './log-continuity.js';
import { SingleGroup } from './single-group.js';

export interface EngineServices {
  readonly logs: RaftLogs;
  readonly encryption: EncryptionLayer;
  readonly appliers: readonly Applier[];
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meter: Meter | undefined;
}

/** Replication on one node: a durable log per group and no peers. */
export class SingleEngine implements ReplicationEngine {
  readonly capabilities: EngineCapabilities = Object.freeze({ membership: false, snapshots: false });
  readonly groups: readonly number[];
  readonly #config: EngineSingleConfig;
  readonly #services: EngineServices;
  readonly #faults: Faults;
  readonly #opcodes: OpcodeTable;
  readonly #open = new Map<number, SingleGroup>();

  constructor(config: EngineSingleConfig, services: EngineServices, faults: Faults) {
    this.groups = [...config.groups].sort((a, b) => a - b);
    this.#config = config;
    this.#services = services;
    this.#faults = faults;
    // The directory's identity is known only once it is started; who owns which opcode is known now.
    const genesis = genesisApplier(() => services.directory.identity);
    this.#opcodes = new OpcodeTable([genesis, ...services.appliers]);
  }

  /** Opens the groups one after the other; when one fails, those before it are closed again. */
  async start(signal?: AbortSignal): Promise<void> {
    try {
      for (const id of this.groups) await this.#start(id, signal);
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

  health(): HealthReport {
    for (const group of this.#open.values()) {
      const { halted } = group.status();
      if (halted !== undefined) return { status: 'failed', reason: `group ${group.id}: ${halted}` };
    }
    return { status: 'ok' };
  }

  group(id: number): ReplicatedGroup {
    return this.#group(id);
  }

  scrub(group: number, order: ScrubOrder): ScrubState {
    return this.#group(group).scrub(order);
  }

  #group(id: number): SingleGroup {
    const group = this.#open.get(id);
    if (group !== undefined) return group;
    if (this.groups.includes(id))
      throw new CaissonError('UNAVAILABLE', { group: id, problem: 'is not open' });
    throw new CaissonError('INVALID_ARGUMENT', { field: 'group', group: id, problem: 'is not on this node' });
  }

  changeMembership(): Promise<void> {
    return Promise.reject(unimplemented('changeMembership'));
  }

  transferLeadership(): Promise<void> {
    return Promise.reject(unimplemented('transferLeadership'));
  }

  takeSnapshot(): Promise<number> {
    return Promise.reject(unimplemented('takeSnapshot'));
  }

  async #start(id: number, signal: AbortSignal | undefined): Promise<void> {
    const group = await this.#openGroup(id, this.#services.directory.identity, signal);
    this.#open.set(id, group);
    await group.replay(signal);
  }

  /**
   * Everything that may refuse comes before this process takes its epoch, and nothing is sealed or applied
   * before that is durable.
   */
  async #openGroup(
    id: number,
    identity: NodeIdentity,
    signal: AbortSignal | undefined,
  ): Promise<SingleGroup> {
    const { clock, directory, logger, meter, random } = this.#services;
    const undo: (() => Promise<void>)[] = [];
    try {
      const log = await this.#services.logs.open(directory.group(id).log, signal);
      undo.push(() => log.close());
      const encryption = await this.#services.encryption.openGroup(id, signal);
      undo.push(() => encryption.close());
      const rows = await readAppliedRows(encryption.store);
      checkContinuity(id, log, rows.applied);
      const term = await appendTerm(log);
      const appliers = await this.#opcodes.open({ id, store: encryption.store });
      signal?.throwIfAborted();
      await encryption.beginSealing({ last: log.last });
      return new SingleGroup({
        id,
        identity,
        log,
        term,
        encryption,
        rows,
        opcodes: this.#opcodes,
        appliers,
        config: this.#config,
        services: { clock, random, meter, logger: logger.child({ group: id }) },
        faults: this.#faults,
      });
    } catch (error) {
      for (const close of undo.reverse()) await close().catch(() => undefined);
      throw error;
    }
  }
}

function unimplemented(operation: string): CaissonError {
  return new CaissonError('UNIMPLEMENTED', { operation, engine: 'engine-single' });
}
