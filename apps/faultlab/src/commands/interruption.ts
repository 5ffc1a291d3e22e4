import { tell } from './output.js';

/** As a shell says it of a program that was interrupted. */
export const INTERRUPTED = 130;

/** Work that is asked to end when somebody interrupts the program. */
export async function untilInterrupted<T>(
  advice: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    tell(`interrupted: ${advice}`);
    interruption.abort();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    return await work(interruption.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
