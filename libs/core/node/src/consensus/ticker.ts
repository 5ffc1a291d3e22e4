import type { Clock } from '@caisson/contracts';

/** One timer for all groups of a process. A tick that comes late is one tick, not several. */
export class Ticker {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #ms: number;
  readonly #listeners = new Set<() => void>();
  #cancel: (() => void) | undefined;

  constructor(clock: Pick<Clock, 'after'>, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Calls the listener at every tick from now on; what is returned ends that. */
  add(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#cancel ??= this.#next();
    return () => this.#remove(listener);
  }

  #remove(listener: () => void): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #next(): () => void {
    return this.#clock.after(this.#ms, () => {
      this.#cancel = this.#next();
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
