import { CaissonError, type Clock, type ErrorCode, isCaissonError, type Random } from '@caisson/contracts';

/** Conditions of a key service that pass by themselves. */
const PASSING: readonly ErrorCode[] = ['KEK_UNREACHABLE', 'KEK_THROTTLED'];

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export function isPassing(error: unknown): boolean {
  return PASSING.some((code) => isCaissonError(error, code));
}

/** Exponential pauses with jitter between half and the whole, so that nodes do not return in step. */
export function pauseMs(attempt: number, random: Random): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 16));
  return full / 2 + random.integer(Math.ceil(full / 2) + 1);
}

export interface Waiting {
  readonly clock: Clock;
  readonly random: Random;
  /** Called before each pause; where health learns of it. */
  onWait(error: CaissonError): void;
  /** Called once after a success that had to wait. */
  onRecovered(): void;
}

/**
 * Repeats `work` for as long as the key service is merely out of reach; every other failure passes through at
 * once. Ends early only by the signal, with its reason.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  waiting: Waiting,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await work();
      if (attempt > 0) waiting.onRecovered();
      return result;
    } catch (error) {
      if (!isCaissonError(error) || !isPassing(error)) throw error;
      waiting.onWait(error);
      await waiting.clock.sleep(pauseMs(attempt, waiting.random), signal);
    }
  }
}
