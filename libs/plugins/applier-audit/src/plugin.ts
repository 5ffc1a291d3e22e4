import { AuditApplier, AuditTrail } from '@caisson/audit';
import {
  Applier,
  AuditService,
  Clock,
  CONTRACTS_VERSION,
  DataDirectory,
  definePlugin,
  Hashes,
  Logger,
  Random,
  ReplicationEngine,
  service,
} from '@caisson/contracts';

/**
 * The record of what operators order: the applier that links its lines, and the service that writes and reads
 * them. A node that leaves it out stops at the first line another node wrote.
 */
export const applierAudit = definePlugin<void>({
  id: 'applier-audit',
  contracts: CONTRACTS_VERSION,
  services: () => [
    service({
      provides: Applier,
      needs: { hashes: Hashes },
      create: ({ hashes }) => new AuditApplier(hashes),
    }),
    service({
      provides: AuditService,
      needs: {
        engine: ReplicationEngine,
        directory: DataDirectory,
        clock: Clock,
        random: Random,
        logger: Logger,
      },
      create: (parts) => new AuditTrail(parts),
      drain: (trail) => (trail as AuditTrail).stop(),
      stop: (trail) => (trail as AuditTrail).stop(),
    }),
  ],
});
