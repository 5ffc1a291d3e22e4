import { CaissonError, isCaissonError } from '@caisson/contracts';

/**
 * Waits for `work` until the signal aborts; the work itself goes on. An operating error given as the reason
 * is kept (a deadline says so), any other reason is `CANCELLED`.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

export function abortError(signal: AbortSignal): CaissonError {
  return isCaissonError(signal.reason)
    ? signal.reason
    : new CaissonError('CANCELLED', {}, { cause: signal.reason });
}
