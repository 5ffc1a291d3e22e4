import {
  Applier,
  Clock,
  CONTRACTS_VERSION,
  DataDirectory,
  definePlugin,
  EncryptionLayer,
  Logger,
  Meter,
  optional,
  RaftLogs,
  RaftTransport,
  Random,
  ReplicationEngine,
  service,
} from '@caisson/contracts';
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
      },
      create: (needs, faults) => new RaftEngine(config, { ...needs, snapshots: undefined }, faults),
      start: (engine, signal) => engine.start(signal),
      drain: (engine, signal) => engine.drain(signal),
      stop: (engine) => engine.stop(),
      health: (engine) => engine.health(),
    }),
  ],
});
