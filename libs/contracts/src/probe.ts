import { list, slot } from './token.js';

export type HealthStatus = 'ok' | 'degraded' | 'failed';

export interface HealthReport {
  readonly status: HealthStatus;
  /** One sentence for an operator; empty when all is well. */
  readonly reason?: string;
}

export type HostPhase = 'starting' | 'ready' | 'draining' | 'stopped' | 'failed';

/** A named health check beside those of the services themselves. Synchronous and cheap. */
export interface Probe {
  readonly name: string;
  check(): HealthReport;
}

export const Probe = list<Probe>('Probe');

/** Provided by the host itself: what every service and probe says, and the phase of the whole. */
export interface Health {
  readonly phase: HostPhase;
  /** Per service or probe name, the host's own faults included. */
  report(): ReadonlyMap<string, HealthReport>;
}

export const Health = slot<Health>('Health');
