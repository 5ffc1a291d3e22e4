import { createDeferred } from '@caisson/base';
import { CaissonError, toCaissonError } from '@caisson/contracts';
import type { Port } from '../network/port.js';
import type { SimulatedNetwork } from '../network/simulated-network.js';

/** Resolves when one message has arrived; `UNAVAILABLE` when it is lost. May never settle. */
export function travel(network: SimulatedNetwork, from: Port, to: Port): Promise<void> {
  const { promise, resolve, reject } = createDeferred<void>();
  const lost = () => reject(new CaissonError('UNAVAILABLE', { address: to.identity.address }));
  network.carry(from, to, { arrived: resolve, lost });
  return promise;
}

/** An error as the other end gets to see it: its code and details. */
export function told(error: unknown): CaissonError {
  const { code, details } = toCaissonError(error);
  return new CaissonError(code, details);
}

/** Settles like `work`, unless `signal` aborts before: then rejects with `reason()`. */
export async function unless<T>(signal: AbortSignal, reason: () => unknown, work: Promise<T>): Promise<T> {
  const { promise, reject } = createDeferred<never>();
  const onAbort = () => reject(reason());
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  // Whichever of the two comes late has nobody to tell.
  work.catch(() => undefined);
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The promise of a process that has ended. */
export const forever = <T>(): Promise<T> => new Promise<T>(() => undefined);
