import { createDeferred, invariant } from '@caisson/base';
import type { Clock } from '@caisson/contracts';

interface Alarm {
  readonly at: number;
  /** Of those of one time, the one that was set first rings first. */
  readonly number: number;
  /** Nothing once it has rung or was cancelled. */
  ring: (() => void) | undefined;
}

/**
 * Time that stands still until a test moves it. Alarms ring inside `advance`, in the order of their times,
 * each seeing its own moment.
 */
export class ManualClock implements Clock {
  /** A heap: no alarm comes before its parent. */
  readonly #alarms: Alarm[] = [];
  #count = 0;
  #waiting = 0;
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

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const { promise, reject, resolve } = createDeferred<void>();
    if (signal === undefined) {
      this.after(ms, resolve);
      return promise;
    }
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = this.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
    return promise;
  }

  after(ms: number, task: () => void): () => void {
    const alarm: Alarm = { at: this.#elapsedMs + Math.max(ms, 0), number: this.#count++, ring: task };
    this.#push(alarm);
    this.#waiting++;
    return () => {
      if (alarm.ring !== undefined) this.#waiting--;
      alarm.ring = undefined;
    };
  }

  /** A few turns of the microtask queue: enough for work that waits for nothing else. */
  async turn(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) await undefined;
  }

  /** Alarms that have not rung. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How long it is until the first of them rings; Infinity where none is set. */
  get untilNextMs(): number {
    let first = this.#alarms[0];
    for (; first !== undefined && first.ring === undefined; first = this.#alarms[0]) this.#pop();
    return first === undefined ? Infinity : Math.max(first.at - this.#elapsedMs, 0);
  }

  /** Moves both clocks forward and rings what falls due, also what is set meanwhile. */
  advance(ms: number): void {
    invariant('CLOCK-1', ms >= 0, 'monotonic time does not go back');
    const end = this.#elapsedMs + ms;
    for (let first = this.#alarms[0]; first !== undefined && first.at <= end; first = this.#alarms[0]) {
      this.#pop();
      const { at, ring } = first;
      if (ring === undefined) continue;
      first.ring = undefined;
      this.#waiting--;
      this.#moveTo(at);
      ring();
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

  #push(alarm: Alarm): void {
    const alarms = this.#alarms;
    let at = alarms.length;
    for (let above = (at - 1) >> 1; at > 0 && isBefore(alarm, alarms[above]!); above = (at - 1) >> 1) {
      alarms[at] = alarms[above]!;
      at = above;
    }
    alarms[at] = alarm;
  }

  #pop(): void {
    const alarms = this.#alarms;
    const last = alarms.pop();
    if (last === undefined || alarms.length === 0) return;
    let at = 0;
    for (let below = 1; below < alarms.length; below = 2 * at + 1) {
      const [left, right] = [alarms[below]!, alarms[below + 1]];
      const first = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(first, last)) break;
      alarms[at] = first;
      at = first === left ? below : below + 1;
    }
    alarms[at] = last;
  }
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
