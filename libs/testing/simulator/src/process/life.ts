import { createDeferred } from '@caisson/base';

/** Where in a call the process ends: before it has any effect, or after, with the answer lost. */
export type Moment = 'before' | 'after';

/** One run of a simulated process. Ends once, at any moment, between any two steps of its work. */
export class Life {
  readonly #onEnd: () => void;
  readonly #ended = createDeferred<void>();
  #isOver = false;
  #callsLeft = Infinity;
  #orders = 0;
  #moment: Moment = 'before';
  /** What it gets to when it runs again, each at its time. */
  readonly #waiting: { readonly task: () => void; isDue: boolean }[] = [];
  #isPaused = false;
  #delay: ((task: () => void) => void) | undefined;

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

  /** Ends once a call is answered that was to be the last one, unless something else was said since. */
  endWith(call: Promise<unknown>): void {
    const orders = this.#orders;
    const end = () => void (this.#orders === orders && this.end());
    call.then(end, end);
  }

  /** Ends in the middle of things: with the `calls`-th call from now to what outlives the process. */
  endAt(calls: number, moment: Moment): void {
    this.#orders++;
    this.#callsLeft = calls;
    this.#moment = moment;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Does nothing until it is resumed; what happens meanwhile waits for it. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#catchUp();
  }

  /** Everything that it is woken up for is done so much later; undefined for at once. */
  slow(delay: ((task: () => void) => void) | undefined): void {
    this.#delay = delay;
  }

  /** Does what the process is woken up for, in the order of the calls, once it gets to it. */
  run(task: () => void): void {
    const isAtOnce = this.#delay === undefined && !this.#isPaused && this.#waiting.length === 0;
    if (isAtOnce) return task();
    const turn = { task, isDue: this.#delay === undefined };
    this.#waiting.push(turn);
    this.#delay?.(() => {
      turn.isDue = true;
      this.#catchUp();
    });
  }

  #catchUp(): void {
    while (!this.#isPaused && this.#waiting[0]?.isDue === true) this.#waiting.shift()!.task();
  }

  /** Notes such a call. Answers the moment at which it is to be the last one. */
  call(): Moment | undefined {
    return --this.#callsLeft === 0 ? this.#moment : undefined;
  }
}
