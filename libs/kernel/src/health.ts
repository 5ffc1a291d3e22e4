import type { CaissonError, Faults, Health, HealthReport, HostPhase, Probe } from '@caisson/contracts';
import type { PlannedService } from './plan.js';

const OK: HealthReport = { status: 'ok' };

/** What every service says of itself, merged with the faults it reported and with the host's phase. */
export class HostHealth implements Health {
  phase: HostPhase = 'starting';
  readonly #faults = new Map<string, string>();
  readonly #checks = new Map<string, () => HealthReport>();

  report(): ReadonlyMap<string, HealthReport> {
    const reports = new Map<string, HealthReport>();
    for (const [name, check] of this.#checks) reports.set(name, guarded(check));
    for (const [name, reason] of this.#faults) {
      if (reports.get(name)?.status !== 'failed') reports.set(name, { status: 'degraded', reason });
    }
    return reports;
  }

  watchService(entry: PlannedService, instance: unknown): void {
    const { health } = entry.service;
    this.#checks.set(entry.id, health ? () => health(instance) : () => OK);
  }

  watchProbe(probe: Probe): void {
    this.#checks.set(probe.name, () => probe.check());
  }

  faultsOf(entry: PlannedService, fatal: (entry: PlannedService, error: CaissonError) => void): Faults {
    return {
      degraded: (reason) => void this.#faults.set(entry.id, reason),
      recovered: () => void this.#faults.delete(entry.id),
      fatal: (error) => {
        this.#checks.set(entry.id, () => ({ status: 'failed', reason: error.message }));
        fatal(entry, error);
      },
    };
  }
}

/** A check that throws is itself a failure to report, not one of whoever asks. */
function guarded(check: () => HealthReport): HealthReport {
  try {
    return check();
  } catch {
    return { status: 'failed', reason: 'the health check itself failed' };
  }
}
