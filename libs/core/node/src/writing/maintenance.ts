import type { CaissonError, Clock, MaintenanceSlice, Store } from '@caisson/contracts';
import type { WriterQueue } from './writer-queue.js';

export interface MaintenanceParts {
  readonly store: Store;
  readonly writer: WriterQueue;
  readonly clock: Clock;
  /** Why nothing may be written any more; asked before each slice. */
  refusal(): CaissonError | undefined;
  /** The store refused a batch: it takes no further ones. */
  onWriteFailure(cause: unknown): void;
}

/**
 * Background work between applies. Each slice is one batch of its own and never shares one with entries: what
 * it adds is not covered by an applied index. A slice that throws leaves nothing and ends the work; that is
 * its caller's failure and not the group's.
 */
export class Maintenance {
  readonly #parts: MaintenanceParts;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  async run(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    while (signal?.aborted !== true) {
      const more = await this.#parts.writer.run(() => this.#once(slice, signal));
      if (!more) return;
      await this.#parts.clock.turn();
    }
  }

  async #once(slice: MaintenanceSlice, signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted === true) return false;
    const refusal = this.#parts.refusal();
    if (refusal !== undefined) throw refusal;
    const batch = this.#parts.store.batch();
    const { more } = await slice(batch);
    if (batch.size === 0) return more;
    try {
      await batch.write({ sync: false });
    } catch (cause) {
      this.#parts.onWriteFailure(cause);
      throw cause;
    }
    return more;
  }
}
