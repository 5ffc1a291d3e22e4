import {
  Applier,
  Clock,
  CONTRACTS_VERSION,
  definePlugin,
  KvService,
  Logger,
  Meter,
  optional,
  ReplicationEngine,
  service,
  slot,
} from '@caisson/contracts';
import { Kv, KvApplier, KvGroups } from '@caisson/kv';
import { ApplierKvConfig } from './config.js';

/** Clocks of the groups whose applier is open: made by the applier's side, used by the service's. */
const Groups = slot<KvGroups>('applier-kv/KvGroups');

/**
 * Key-value commands, from both ends: the applier that turns entries into versions, and the service that
 * turns calls into entries. The engine stands between them, so they are two services and no cycle.
 */
export const applierKv = definePlugin<ApplierKvConfig>({
  id: 'applier-kv',
  contracts: CONTRACTS_VERSION,
  config: ApplierKvConfig,
  services: (config) => [
    service({
      provides: Groups,
      needs: { clock: Clock },
      create: ({ clock }) => new KvGroups({ clock }),
    }),
    service({
      provides: Applier,
      needs: { groups: Groups },
      create: ({ groups }) => new KvApplier(groups),
    }),
    service({
      provides: KvService,
      needs: {
        engine: ReplicationEngine,
        groups: Groups,
        clock: Clock,
        logger: Logger,
        meter: optional(Meter),
      },
      create: (needs) => new Kv({ ...needs, ...settingsOf(config) }),
      start: (kv) => (kv as Kv).start(),
      drain: (kv) => (kv as Kv).stop(),
      stop: (kv) => (kv as Kv).stop(),
    }),
  ],
});

function settingsOf(config: ApplierKvConfig) {
  return {
    limits: {
      valueBytesMax: config.valueBytesMax,
      writeItemsMax: config.writeItemsMax,
      writeBytesMax: config.writeBytesMax,
    },
    gather: {
      commandsMax: config.gatherCommandsMax,
      bytesMax: config.gatherBytesMax,
      waitingMax: config.waitingMax,
      waitingBytesMax: config.waitingBytesMax,
    },
    ceiling: {
      windowMs: config.ceilingWindowMs,
      renewalMs: config.ceilingRenewalMs,
      waitMs: config.ceilingWaitMs,
    },
    retention: { retentionMs: config.retentionMs, intervalMs: config.retentionIntervalMs },
  };
}
