import type { Clock } from '@caisson/contracts';

/**
 * Gathers what asks to be done soon into one later turn of the loop, over all groups of a process: their
 * appends are issued together, and whatever arrives until then shares them.
 */
export class Turns {
  readonly #clock: Pick<Clock, 'turn'>;
  #waiting = new Set<() => void>();

  constructor(clock: Pick<Clock, 'turn'>) {
    this.#clock = clock;
  }

  /** Runs `task` once in a later turn, however often it is asked for until then. */
  request(task: () => void): void {
    if (this.#waiting.size === 0) void this.#clock.turn().then(() => this.#run());
    this.#waiting.add(task);
  }

  #run(): void {
    const tasks = this.#waiting;
    this.#waiting = new Set();
    for (const task of tasks) task();
  }
}
