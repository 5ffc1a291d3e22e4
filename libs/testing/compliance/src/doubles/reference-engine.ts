import {
  type Applier,
  CaissonError,
  type EncryptionLayer,
  type RaftLogs,
  type ReplicatedGroup,
  type ReplicationEngine,
} from '@caisson/contracts';
import { ReferenceGroup } from './reference-group.js';

export interface ReferenceEngineParts {
  readonly logs: RaftLogs;
  readonly encryption: EncryptionLayer;
  readonly appliers: readonly Applier[];
  readonly groups: readonly number[];
  /** Hears of each group that halts. */
  readonly onFatal: (error: CaissonError) => void;
}

/**
 * The shortest engine that keeps the contract: one node, one entry at a time, no snapshots, no membership.
 * The engine kit is tried against it; real engines are read beside it.
 */
export class ReferenceEngine implements ReplicationEngine {
  readonly capabilities = { membership: false, snapshots: false };
  readonly groups: readonly number[];
  readonly #parts: ReferenceEngineParts;
  readonly #running = new Map<number, ReferenceGroup>();

  constructor(parts: ReferenceEngineParts) {
    this.#parts = parts;
    this.groups = [...parts.groups].sort((a, b) => a - b);
  }

  /** Opens every group and replays what its log holds above its applied entry. */
  async start(): Promise<void> {
    for (const id of this.groups) {
      const log = await this.#parts.logs.open(`/groups/${id}/log`);
      const encryption = await this.#parts.encryption.openGroup(id);
      await encryption.beginSealing();
      const { appliers, onFatal } = this.#parts;
      const group = new ReferenceGroup({ id, log, encryption, onFatal });
      await group.start(appliers);
      this.#running.set(id, group);
    }
  }

  async stop(): Promise<void> {
    for (const group of this.#running.values()) await group.stop();
    this.#running.clear();
  }

  group(id: number): ReplicatedGroup {
    const group = this.#running.get(id);
    if (group === undefined) throw new CaissonError('INVALID_ARGUMENT', { group: id });
    return group;
  }

  async changeMembership(): Promise<void> {
    throw new CaissonError('UNIMPLEMENTED', { operation: 'changeMembership' });
  }

  async transferLeadership(): Promise<void> {
    throw new CaissonError('UNIMPLEMENTED', { operation: 'transferLeadership' });
  }

  async takeSnapshot(): Promise<number> {
    throw new CaissonError('UNIMPLEMENTED', { operation: 'takeSnapshot' });
  }
}
