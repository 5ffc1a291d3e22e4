import { CaissonError, type Clock } from '@caisson/contracts';

/** A signal that ends with its deadline or with `abort`, whichever is first. */
export interface CallSignal {
  readonly signal: AbortSignal;
  abort(reason: CaissonError): void;
  /** Lets go of the timer once the call is answered. */
  release(): void;
}

export function startDeadline(clock: Clock, deadlineMs: number): CallSignal {
  const controller = new AbortController();
  const cancel = clock.after(deadlineMs, () => controller.abort(new CaissonError('DEADLINE_EXCEEDED')));
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: cancel,
  };
}
