import {
  Clock,
  CONTRACTS_VERSION,
  DataDirectory,
  definePlugin,
  Disk,
  Logger,
  Meter,
  optional,
  RaftTransport,
  Random,
  Secrets,
  service,
} from '@caisson/contracts';
import { TransportGrpcConfig } from './config.js';
import { GrpcTransport } from './grpc-transport.js';

/** Raft messages, snapshots and questions between nodes, over gRPC. */
export const transportGrpc = definePlugin<TransportGrpcConfig>({
  id: 'transport-grpc',
  contracts: CONTRACTS_VERSION,
  config: TransportGrpcConfig,
  services: (config) => [
    service({
      provides: RaftTransport,
      needs: {
        directory: DataDirectory,
        clock: Clock,
        random: Random,
        disk: Disk,
        secrets: Secrets,
        logger: Logger,
        meter: optional(Meter),
      },
      create: (parts) => new GrpcTransport(config, parts),
      start: (transport) => transport.start(),
      stop: (transport) => transport.stop(),
      health: (transport) => transport.healthReport(),
    }),
  ],
});
