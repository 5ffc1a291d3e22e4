import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildServer } from './child-server.js';

const STOPPED_MS = 300;
const RUNNING_MS = 100;

/** Stops a process for most of the time while something runs, again and again, as a machine that swaps. */
export async function whileSlowed<T>(process: ChildServer, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const pulse = async () => {
    while (!isOver) {
      process.signal('SIGSTOP');
      await sleep(STOPPED_MS);
      process.signal('SIGCONT');
      await sleep(RUNNING_MS);
    }
  };
  const pulsing = pulse();
  try {
    return await work();
  } finally {
    isOver = true;
    await pulsing;
  }
}
