import {
  AuditService,
  BackupService,
  Clock,
  ClusterService,
  CONTRACTS_VERSION,
  DataDirectory,
  definePlugin,
  Disk,
  EncryptionService,
  Gateway,
  Hashes,
  Health,
  KeyLifecycleService,
  KvService,
  Logger,
  optional,
  ReplicationEngine,
  Secrets,
  service,
} from '@caisson/contracts';
import { GatewayGrpcConfig } from './config.js';
import { GrpcGateway } from './grpc-gateway.js';

/** The client API over gRPC. */
export const gatewayGrpc = definePlugin<GatewayGrpcConfig>({
  id: 'gateway-grpc',
  contracts: CONTRACTS_VERSION,
  config: GatewayGrpcConfig,
  services: (config) => [
    service({
      provides: Gateway,
      needs: {
        kv: KvService,
        cluster: optional(ClusterService),
        keys: optional(KeyLifecycleService),
        backup: optional(BackupService),
        audit: optional(AuditService),
        engine: ReplicationEngine,
        encryption: EncryptionService,
        directory: DataDirectory,
        health: Health,
        clock: Clock,
        hashes: Hashes,
        disk: Disk,
        secrets: Secrets,
        logger: Logger,
      },
      create: (parts) => new GrpcGateway(config, parts),
      start: (gateway) => gateway.start(),
      drain: (gateway, signal) => gateway.drain(signal),
      stop: (gateway) => gateway.stop(),
      health: (gateway) => gateway.healthReport(),
    }),
  ],
});
