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
  Random,
  ReplicationEngine,
  service,
} from '@caisson/contracts';
import { EngineSingleConfig } from './config.js';
import { SingleEngine } from './single-engine.js';

export const engineSingle = definePlugin<EngineSingleConfig>({
  id: 'engine-single',
  contracts: CONTRACTS_VERSION,
  config: EngineSingleConfig,
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
      },
      create: (needs, faults) => new SingleEngine(config, needs, faults),
      start: (engine, signal) => engine.start(signal),
      drain: (engine, signal) => engine.drain(signal),
      stop: (engine) => engine.stop(),
      health: (engine) => engine.health(),
    }),
  ],
});
