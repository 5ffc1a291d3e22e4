import { CaissonError, isCaissonError } from '@caisson/contracts';

/** Why a caller gave up: its own operating error (a passed deadline, say), else `CANCELLED`. */
export function abortError(signal: AbortSignal): CaissonError {
  return isCaissonError(signal.reason)
    ? signal.reason
    : new CaissonError('CANCELLED', {}, { cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortError(signal);
}

/** Runs a read, and gives up on it when the signal aborts; what it then comes to is of no interest. */
export function abortable<T>(signal: AbortSignal | undefined, read: () => Promise<T>): Promise<T> {
  if (signal === undefined) return read();
  return new Promise((resolve, reject) => {
    throwIfAborted(signal);
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    const forget = (): void => signal.removeEventListener('abort', onAbort);
    read().then(
      (result) => {
        forget();
        resolve(result);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
}
