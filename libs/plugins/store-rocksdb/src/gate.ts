import { CaissonError } from '@caisson/contracts';

/** Counts operations, so that closing can wait for those that run and refuse those that come. */
export class Gate {
  #running = 0;
  #closed = false;
  #onIdle: (() => void) | undefined;

  /** `STORE_CLOSED` once closing has begun. Every `enter` is followed by one `leave`. */
  enter(): void {
    if (this.#closed) throw new CaissonError('STORE_CLOSED');
    this.#running++;
  }

  leave(): void {
    if (--this.#running === 0) this.#onIdle?.();
  }

  /** Refuses what comes and resolves once nothing runs. False when it was closed before. */
  async close(): Promise<boolean> {
    if (this.#closed) return false;
    this.#closed = true;
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    return true;
  }
}
