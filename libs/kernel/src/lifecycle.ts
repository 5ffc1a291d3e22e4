import { CaissonError, isCaissonError, type ErrorDetails } from '@caisson/contracts';
import { bounded, type After } from './bounded.js';
import type { PlannedService } from './plan.js';

export interface Running {
  readonly entry: PlannedService;
  readonly instance: unknown;
}

export interface LifecycleEvent {
  readonly step: 'started' | 'drained' | 'stopped' | 'failed';
  readonly service: string;
  readonly error?: unknown;
}

export interface LifecycleOptions {
  readonly after: After;
  readonly drainMs: number;
  readonly stopMs: number;
  readonly onEvent: (event: LifecycleEvent) => void;
}

/**
 * Starts services in order. When one fails, those before it are stopped in reverse and the failure is thrown
 * as `START_FAILED` with the cause; failures of the rollback are events only, so that they never hide it.
 */
export async function startAll(
  all: readonly Running[],
  options: LifecycleOptions,
  signal: AbortSignal,
): Promise<void> {
  const started: Running[] = [];
  for (const running of all) {
    const { entry, instance } = running;
    try {
      signal.throwIfAborted();
      await entry.service.start?.(instance, signal);
    } catch (cause) {
      options.onEvent({ step: 'failed', service: entry.id, error: cause });
      // The failing service is stopped too: a start that got half-way may hold resources.
      await stopAll([...started, running], options);
      throw startFailure(entry, cause);
    }
    started.push(running);
    options.onEvent({ step: 'started', service: entry.id });
  }
}

/** Asks every service to refuse new work and finish the rest, dependents first. Returns what failed. */
export async function drainAll(all: readonly Running[], options: LifecycleOptions): Promise<unknown[]> {
  return inReverse(all, options, {
    step: 'drained',
    ms: options.drainMs,
    of: (entry) => entry.service.drain,
  });
}

/** Stops every service, dependents first, whatever fails on the way. Returns what failed. */
export async function stopAll(all: readonly Running[], options: LifecycleOptions): Promise<unknown[]> {
  return inReverse(all, options, { step: 'stopped', ms: options.stopMs, of: (entry) => entry.service.stop });
}

interface Phase {
  readonly step: 'drained' | 'stopped';
  readonly ms: number;
  readonly of: (entry: PlannedService) => ((instance: unknown, signal: AbortSignal) => unknown) | undefined;
}

async function inReverse(
  all: readonly Running[],
  options: LifecycleOptions,
  phase: Phase,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const { entry, instance } of [...all].reverse()) {
    const act = phase.of(entry);
    if (!act) continue;
    try {
      const limit = { ms: phase.ms, what: entry.id };
      await bounded(options.after, limit, async (signal) => void (await act(instance, signal)));
      options.onEvent({ step: phase.step, service: entry.id });
    } catch (error) {
      failures.push(error);
      options.onEvent({ step: 'failed', service: entry.id, error });
    }
  }
  return failures;
}

function startFailure(entry: PlannedService, cause: unknown): CaissonError {
  const details: ErrorDetails = { service: entry.id, ...(isCaissonError(cause) ? { code: cause.code } : {}) };
  return new CaissonError('START_FAILED', details, { cause });
}
