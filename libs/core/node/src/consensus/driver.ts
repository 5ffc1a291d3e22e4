import type { RawNode, Ready } from '@caisson/raft';
import type { Turns } from './turns.js';

export type Input = (raw: RawNode) => void;

export interface DriverParts {
  readonly raw: RawNode;
  readonly turns: Turns;
  /** Before work is taken out: what waits may be put in. */
  feed(raw: RawNode): void;
  /** One Ready; its messages are handled in their order. */
  onReady(ready: Ready): void;
  /** Nothing more comes out of what went in. */
  afterRun(): void;
  /** The core broke a rule, or something else that is a bug: nothing is done any more. */
  onFailure(cause: unknown): void;
}

/**
 * The one place from which the core of a group is driven.
 *
 * Inputs come one at a time, and whatever they lead to is taken out before the next run. An input that
 * arrives from inside a run, however deep, waits until it is done; so the core is never entered twice.
 */
export class Driver {
  readonly #parts: DriverParts;
  readonly #run = (): void => this.#work();
  #inputs: Input[] = [];
  #isRunning = false;
  #isStopped = false;

  constructor(parts: DriverParts) {
    this.#parts = parts;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** An input of the outside, to be taken with whatever else arrives in this turn. */
  post(input: Input): void {
    this.#inputs.push(input);
    this.wake();
  }

  /** Something may be fed. */
  wake(): void {
    if (!this.#isStopped) this.#parts.turns.request(this.#run);
  }

  /** An input that gains nothing by waiting. Carried out on return, unless called from inside a run. */
  act(input: Input): void {
    this.#inputs.push(input);
    this.#work();
  }

  /** Takes no further input and does nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#inputs = [];
  }

  #work(): void {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    try {
      this.#drain();
    } catch (cause) {
      this.stop();
      this.#parts.onFailure(cause);
    } finally {
      this.#isRunning = false;
    }
  }

  #drain(): void {
    const { raw, feed, onReady, afterRun } = this.#parts;
    do {
      const inputs = this.#inputs;
      this.#inputs = [];
      for (const input of inputs) input(raw);
      feed(raw);
      while (!this.#isStopped && raw.hasReady()) onReady(raw.ready());
      if (!this.#isStopped) afterRun();
    } while (this.#inputs.length > 0);
  }
}
