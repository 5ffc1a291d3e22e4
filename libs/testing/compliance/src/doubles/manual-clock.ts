import { createDeferred, invariant } from '@caisson/base';
import type { Clock } from '@caisson/contracts';

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * Time that stands still until a test moves it. Alarms ring inside `advance`, in the order of their times,
 * each seeing its own moment.
 */
export class ManualClock implements Clock {
  readonly #alarms = new Set<Alarm>();
  #elapsedMs = 0;
  #wallMs: number;

  constructor(startMs = 1_700_000_000_000) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const woken = createDeferred<void>();
    const cancel = this.after(ms, () => woken.resolve());
    const onAbort = () => {
      cancel();
      woken.reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await woken.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  after(ms: number, task: () => void): () => void {
    const alarm: Alarm = { at: this.#elapsedMs + Math.max(ms, 0), ring: task };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** A few turns of the microtask queue: enough for work that waits for nothing else. */
  async turn(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }

  /** Alarms that have not rung. */
  get waiting(): number {
    return this.#alarms.size;
  }

  /** Moves both clocks forward and rings what falls due, also what is set meanwhile. */
  advance(ms: number): void {
    invariant('CLOCK-1', ms >= 0, 'monotonic time does not go back');
    const end = this.#elapsedMs + ms;
    for (let alarm = this.#due(end); alarm !== undefined; alarm = this.#due(end)) {
      this.#alarms.delete(alarm);
      this.#moveTo(alarm.at);
      alarm.ring();
    }
    this.#moveTo(end);
  }

  /** Steps the wall clock alone, as an operator or a time server does. */
  step(ms: number): void {
    this.#wallMs += ms;
  }

  #moveTo(elapsedMs: number): void {
    const passed = Math.max(elapsedMs - this.#elapsedMs, 0);
    this.#elapsedMs += passed;
    this.#wallMs += passed;
  }

  #due(end: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at <= end && (first === undefined || alarm.at < first.at)) first = alarm;
    }
    return first;
  }
}
