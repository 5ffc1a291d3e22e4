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
/** A node that comes back, or a new leader, is found this soon. */
const PAUSE_MS_MAX = 250;
const BUSY_PAUSE_MS_MAX = 1_000;

export interface RetryOptions {
  /** Whether doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  /**
   * Whether it changes anything: then an end of time that leaves the outcome open is `UNKNOWN_OUTCOME`.
   * Default false.
   */
  readonly changes?: boolean;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Told of each failure that will be repeated; `true` for at once: the next attempt goes elsewhere. */
  readonly onFailure?: (error: CaissonError) => boolean;
}

/**
 * Repeats `attempt` while that is safe and the deadline allows, with jittered, growing pauses.
 *
 * `attempt` receives what is left of the deadline and a signal that ends with it. When time is up the error
 * is `DEADLINE_EXCEEDED` with the last failure as cause, or `UNKNOWN_OUTCOME` for a change of which an
 * attempt may have had its effect; so is at once what must not be repeated.
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
  const failures = new Failures(options);
  try {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt({ deadlineMs: Math.max(1, end - performance.now()), signal });
      } catch (error) {
        const failure = failures.judge(error);
        if (options.onFailure?.(failure) === true) continue;
        const longest = failure.code === 'TOO_MANY_REQUESTS' ? BUSY_PAUSE_MS_MAX : PAUSE_MS_MAX;
        const pauseMs = jittered(Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), longest));
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) throw failures.end();
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

/** What the attempts so far say about the outcome. */
class Failures {
  #last: CaissonError | undefined;
  /** The last failure that leaves open whether there was an effect. */
  #doubt: CaissonError | undefined;

  constructor(private readonly options: RetryOptions) {}

  /** The failure, if it may be repeated; throws what it comes to otherwise. */
  judge(error: unknown): CaissonError {
    const { repeatable, signal } = this.options;
    if (signal?.aborted) throw new CaissonError('CANCELLED', {}, { cause: signal.reason });
    if (!isCaissonError(error)) throw error;
    const isTimeUp = error.code === 'DEADLINE_EXCEEDED';
    const isPassing = NOTHING_HAPPENED.has(error.code) || MAY_HAVE_HAPPENED.has(error.code);
    if (!isPassing && !isTimeUp) throw error;
    const isOpen = !NOTHING_HAPPENED.has(error.code) && error.details['sent'] !== false;
    if (isOpen) this.#doubt = error;
    if (isTimeUp) throw this.end();
    if (isOpen && !repeatable) throw new CaissonError('UNKNOWN_OUTCOME', {}, { cause: error });
    this.#last = error;
    return error;
  }

  /** What to say once no time is left, or the caller gave up. */
  end(): CaissonError {
    const { changes = false, signal } = this.options;
    if (signal?.aborted) return new CaissonError('CANCELLED', {}, { cause: signal.reason });
    if (changes && this.#doubt) return new CaissonError('UNKNOWN_OUTCOME', {}, { cause: this.#doubt });
    return new CaissonError('DEADLINE_EXCEEDED', {}, { cause: this.#last });
  }
}
