import type { Health, HealthReport, HealthStatus } from '@caisson/contracts';

export interface HealthPage {
  readonly httpStatus: number;
  readonly body: {
    readonly phase: string;
    /** The worst of all reports. */
    readonly status: HealthStatus;
    readonly services: Readonly<Record<string, HealthReport>>;
  };
}

const SEVERITY: readonly HealthStatus[] = ['ok', 'degraded', 'failed'];

/**
 * Whether the process answers at all, and what each service says. A restart cures nothing that this reports.
 */
export function healthPage(health: Health): HealthPage {
  const services = Object.fromEntries(health.report());
  return {
    httpStatus: 200,
    body: { phase: health.phase, status: worstOf(Object.values(services)), services },
  };
}

/** Whether traffic should come here: started, not on its way out, and nothing has failed. */
export function readyPage(health: Health): HealthPage {
  const { body } = healthPage(health);
  const ready = body.phase === 'ready' && body.status !== 'failed';
  return { httpStatus: ready ? 200 : 503, body };
}

function worstOf(reports: readonly HealthReport[]): HealthStatus {
  const worst = reports.reduce((rank, { status }) => Math.max(rank, SEVERITY.indexOf(status)), 0);
  return SEVERITY[worst] ?? 'failed';
}
