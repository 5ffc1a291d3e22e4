import { createDeferred, type Deferred } from '@caisson/base';
import type { CaissonError } from '@caisson/contracts';

interface Waiter {
  readonly position: number;
  readonly reached: Deferred<void>;
}

/** How far a group has applied, and who waits for it to get further. */
export class AppliedPosition {
  #value: number;
  #failure: CaissonError | undefined;
  #waiters: Waiter[] = [];

  constructor(value: number) {
    this.#value = value;
  }

  get value(): number {
    return this.#value;
  }

  advance(to: number): void {
    this.#value = to;
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ position }) => position > to);
    for (const { position, reached } of waiters) if (position <= to) reached.resolve();
  }

  /** Nothing will be applied any more. */
  fail(error: CaissonError): void {
    this.#failure = error;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reached } of waiters) reached.reject(error);
  }

  /**
   * Resolves once `position` is applied; rejects once nothing is applied any more, whatever was applied
   * before.
   */
  async reach(position: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (position <= this.#value) return;
    const reached = createDeferred<void>();
    this.#waiters.push({ position, reached });
    await reached.promise;
  }
}
