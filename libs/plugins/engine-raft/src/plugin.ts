import {
  Applier,
  BackupService,
  Clock,
  ClusterService,
  CONTRACTS_VERSION,
  DataDirectory,
  definePlugin,
  Disk,
  EncryptionLayer,
  Hashes,
  Logger,
  Meter,
  optional,
  RaftLogs,
  RaftTransport,
  Random,
  ReplicationEngine,
  service,
  StoredStates,
} from '@caisson/contracts';
import { Cluster, NodeBackup, StoredSnapshots } from '@caisson/node';
import { EngineRaftConfig } from './config.js';
import { RaftEngine } from './raft-engine.js';

export const engineRaft = definePlugin<EngineRaftConfig>({
  id: 'engine-raft',
  contracts: CONTRACTS_VERSION,
  config: EngineRaftConfig,
  services: (config) => [
    service({
      provides: ReplicationEngine,
      needs: {
        logs: RaftLogs,
        encryption: EncryptionLayer,
        appliers: Applier,
        directory: DataDirectory,
        clock: Clock,
        random: Random,
        logger: Logger,
        meter: optional(Meter),
        transport: optional(RaftTransport),
        disk: Disk,
        hashes: Hashes,
        states: optional(StoredStates),
      },
      create: ({ disk, hashes, states, ...needs }, faults) => {
        const snapshots = states && new StoredSnapshots({ ...needs, states, disk, hashes });
        return new RaftEngine(config, { ...needs, snapshots }, faults);
      },
      start: (engine, signal) => engine.start(signal),
      drain: (engine, signal) => engine.drain(signal),
      stop: (engine) => engine.stop(),
      health: (engine) => engine.health(),
    }),
    service({
      provides: ClusterService,
      needs: { engine: ReplicationEngine, directory: DataDirectory, clock: Clock, hashes: Hashes },
      create: (needs) => new Cluster(needs),
    }),
    service({
      provides: BackupService,
      needs: {
        states: optional(StoredStates),
        engine: ReplicationEngine,
        directory: DataDirectory,
        disk: Disk,
        clock: Clock,
        hashes: Hashes,
      },
      create: (needs) => new NodeBackup(needs),
    }),
  ],
});
