import type { Clock } from '@caisson/contracts';
import type { Life } from './life.js';
import { whileAlive } from './mortal.js';

/** The time of one process: its wall clock goes wrong by `skewMs`, and nothing rings once it has ended. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #life: Life;
  readonly #skewMs: number;

  constructor(clock: Clock, life: Life, skewMs = 0) {
    this.#clock = clock;
    this.#life = life;
    this.#skewMs = skewMs;
  }

  nowMs(): number {
    return this.#clock.nowMs() + this.#skewMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return whileAlive(this.#clock.sleep(ms, signal), this.#life);
  }

  after(ms: number, task: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#clock.after(ms, () => {
      this.#life.run(() => void (this.#life.isOver || isCancelled || task()));
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  turn(): Promise<void> {
    return whileAlive(this.#clock.turn(), this.#life);
  }
}
