import { createDeferred } from '@caisson/base';
import type { Clock } from '@caisson/contracts';
import type { Life } from './life.js';
import { whileAlive } from './mortal.js';

/** The time of one process: its wall clock goes wrong by `skewMs`, and nothing rings once it has ended. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #life: Life;
  readonly #skewMs: number;
  /** What is set on the shared clock: it must not keep the process in memory when it has ended. */
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, life: Life, skewMs = 0) {
    this.#clock = clock;
    this.#life = life;
    this.#skewMs = skewMs;
    void life.ended.then(() => {
      for (const cancel of this.#waiting) cancel();
      this.#waiting.clear();
    });
  }

  nowMs(): number {
    return this.#clock.nowMs() + this.#skewMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, reject, resolve } = createDeferred<void>();
    if (signal?.aborted === true) reject(signal.reason);
    else {
      const onAbort = () => {
        cancel();
        this.#life.run(() => void (this.#life.isOver || reject(signal?.reason)));
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    }
    return promise;
  }

  after(ms: number, task: () => void): () => void {
    let isCancelled = false;
    const cancel = () => {
      isCancelled = true;
      this.#waiting.delete(cancel);
      cancelAlarm();
    };
    const cancelAlarm = this.#clock.after(ms, () => {
      this.#waiting.delete(cancel);
      this.#life.run(() => void (this.#life.isOver || isCancelled || task()));
    });
    this.#waiting.add(cancel);
    return cancel;
  }

  turn(): Promise<void> {
    return whileAlive(this.#clock.turn(), this.#life);
  }
}
