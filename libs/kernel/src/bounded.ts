import { CaissonError } from '@caisson/contracts';

/**
 * Calls `task` after `ms`; the result cancels. The host lives before any Clock exists, so it brings its own.
 */
export type After = (ms: number, task: () => void) => () => void;

export const systemAfter: After = (ms, task) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/**
 * Waits for `work`, at most `ms`; then its signal aborts and the wait ends with `STOP_FAILED`. The work
 * itself cannot be killed: it may still be running.
 */
export async function bounded(
  after: After,
  { ms, what }: { readonly ms: number; readonly what: string },
  work: (signal: AbortSignal) => Promise<void> | void,
): Promise<void> {
  const controller = new AbortController();
  let cancel: () => void = () => undefined;
  const timeout = new Promise<never>((_, reject) => {
    cancel = after(ms, () => {
      const error = new CaissonError('STOP_FAILED', { service: what, withinMs: ms });
      controller.abort(error);
      reject(error);
    });
  });
  try {
    await Promise.race([work(controller.signal), timeout]);
  } finally {
    cancel();
  }
}
