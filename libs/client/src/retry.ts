import { CaissonError, isCaissonError, type ErrorCode } from '@caisson/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkDeadline } from './arguments.js';

/** The server did nothing, and may do it later. */
const NOTHING_HAPPENED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TOO_MANY_REQUESTS',
  'DRAINING',
  'NOT_LEADER',
  'ENCRYPTION_NOT_BOOTSTRAPPED',
  'WRITER_NOT_REGISTERED',
  'ENVELOPE_CUTOVER_IN_PROGRESS',
  'TIMESTAMP_BEHIND',
  'CLOCK_CEILING',
]);

/** The server may have done it. Repeating is safe only for what has one effect however often it is done. */
const MAY_HAVE_HAPPENED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAVAILABLE',
  'UNKNOWN_OUTCOME',
  'APPLY_HALTED',
]);

const FIRST_PAUSE_MS = 10;
const PAUSE_MS_MAX = 1_000;

export interface RetryOptions {
  /** Whether doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Repeats `attempt` while that is safe and the deadline allows, with jittered, growing pauses.
 *
 * `attempt` receives what is left of the deadline and a signal that ends with it. When time is up the error
 * is `DEADLINE_EXCEEDED` with the last failure as cause; a failure that may have had an effect and must not
 * be repeated is `UNKNOWN_OUTCOME`.
 */
export async function withRetry<T>(
  options: RetryOptions,
  attempt: (limits: { deadlineMs: number; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const deadlineMs = checkDeadline(options.deadlineMs);
  const end = performance.now() + deadlineMs;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new CaissonError('DEADLINE_EXCEEDED')), deadlineMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout.signal]) : timeout.signal;
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      try {
        return await attempt({ deadlineMs: Math.max(1, end - performance.now()), signal });
      } catch (error) {
        refuseToRepeat(error, options);
        await pause(jittered(pauseMs), { signal, cause: error });
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Between half of `ms` and all of it, so that clients that failed together do not come back together. */
export function jittered(ms: number): number {
  return ms / 2 + (ms / 2) * (crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32);
}

function refuseToRepeat(error: unknown, { repeatable, signal }: RetryOptions): void {
  if (signal?.aborted) throw new CaissonError('CANCELLED', {}, { cause: signal.reason });
  if (!isCaissonError(error)) throw error;
  if (NOTHING_HAPPENED.has(error.code)) return;
  if (!MAY_HAVE_HAPPENED.has(error.code)) throw error;
  if (!repeatable) throw new CaissonError('UNKNOWN_OUTCOME', {}, { cause: error });
}

async function pause(ms: number, { signal, cause }: { signal: AbortSignal; cause: unknown }): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    if (isCaissonError(signal.reason, 'DEADLINE_EXCEEDED'))
      throw new CaissonError('DEADLINE_EXCEEDED', {}, { cause });
    throw new CaissonError('CANCELLED', {}, { cause: signal.reason });
  }
}
