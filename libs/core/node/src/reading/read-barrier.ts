import type { AppliedPosition } from './applied-position.js';

/**
 * What makes a read linearizable: a position that is not below any write acknowledged before the call, and
 * the wait until it is applied here.
 *
 * `confirm` asks for that position. It may cost a round trip, so calls that arrive while one is under way
 * share the next one; never the one under way, which may have started before a write they must see.
 */
export class ReadBarrier {
  readonly #confirm: () => number | Promise<number>;
  readonly #applied: AppliedPosition;
  #running: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  constructor(confirm: () => number | Promise<number>, applied: AppliedPosition) {
    this.#confirm = confirm;
    this.#applied = applied;
  }

  /** The applied position at which the read may take its view. */
  async pass(): Promise<number> {
    const position = this.#running === undefined ? this.#start() : this.#afterRunning(this.#running);
    await this.#applied.reach(typeof position === 'number' ? position : await position);
    return this.#applied.value;
  }

  #start(): number | Promise<number> {
    const confirmed = this.#confirm();
    if (typeof confirmed === 'number') return confirmed;
    const running = confirmed.finally(() => {
      this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  #afterRunning(running: Promise<number>): Promise<number> {
    const again = (): number | Promise<number> => {
      this.#next = undefined;
      return this.#start();
    };
    this.#next ??= running.then(again, again);
    return this.#next;
  }
}
