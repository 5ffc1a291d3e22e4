import type { Clock } from '@caisson/contracts';

/** The longest a timer of Node can wait; it takes anything longer for 1 ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's clocks and the event loop's timers. */
export class NodeClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  after(ms: number, task: () => void): () => void {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const isLast = leftMs <= TIMER_MS_MAX;
      const next = isLast ? task : () => wait(leftMs - TIMER_MS_MAX);
      timer = setTimeout(next, isLast ? leftMs : TIMER_MS_MAX);
    };
    wait(ms);
    return () => clearTimeout(timer);
  }

  turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
