import {
  AdminSurface,
  Clock,
  CONTRACTS_VERSION,
  definePlugin,
  Disk,
  Health,
  Logger,
  Meter,
  Secrets,
  service,
} from '@caisson/contracts';
import { AdminHttpConfig } from './config.js';
import { HttpSurface } from './http-surface.js';
import { PromMeter } from './prom-meter.js';

/**
 * Health and metrics over HTTP. Two services: the meter needs nothing, so everything else may count with it,
 * also what starts before the server listens.
 */
export const adminHttp = definePlugin<AdminHttpConfig>({
  id: 'admin-http',
  contracts: CONTRACTS_VERSION,
  config: AdminHttpConfig,
  services: (config) => {
    const meter = new PromMeter();
    return [
      service({
        provides: Meter,
        create: () => meter,
        start: (started) => started.watchProcess(),
        stop: (started) => started.clear(),
      }),
      service({
        provides: AdminSurface,
        needs: { health: Health, clock: Clock, logger: Logger, disk: Disk, secrets: Secrets },
        create: (parts) => new HttpSurface(config, meter, parts),
        start: (surface) => surface.start(),
        stop: (surface) => surface.stop(),
        health: (surface) => surface.healthReport(),
      }),
    ];
  },
});
