import { createDeferred } from '@caisson/base';

/** Where in a call the process ends: before it has any effect, or after, with the answer lost. */
export type Moment = 'before' | 'after';

/** One run of a simulated process. Ends once, at any moment, between any two steps of its work. */
export class Life {
  readonly #onEnd: () => void;
  readonly #ended = createDeferred<void>();
  #isOver = false;
  #callsLeft = Infinity;
  #moment: Moment = 'before';

  /** `onEnd` takes from the process what a machine takes: its connections, and what was not synced. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when it is over. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd();
    this.#ended.resolve();
  }

  /** Ends in the middle of things: with the `calls`-th call from now to what outlives the process. */
  endAt(calls: number, moment: Moment): void {
    this.#callsLeft = calls;
    this.#moment = moment;
  }

  /** Notes such a call. Answers the moment at which it is to be the last one. */
  call(): Moment | undefined {
    return --this.#callsLeft === 0 ? this.#moment : undefined;
  }
}
