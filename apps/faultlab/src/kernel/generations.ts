import type { Life } from '@caisson/simulator';
import { AsyncLocalStorage } from 'node:async_hooks';

const running = new AsyncLocalStorage<string>();

/**
 * Says whose work is being done: which process of which node. It follows the work through its promises, which
 * costs a third of the speed, so only a replay asks for it.
 */
export class Generations {
  readonly #isAsked: boolean;
  readonly #started = new Map<string, number>();

  constructor(isAsked: boolean) {
    this.#isAsked = isAsked;
  }

  /** Around the start of the next process of a node; what it is woken up for is its own from then on. */
  next(node: string, life: Life): <T>(work: () => T) => T {
    if (!this.#isAsked) return (work) => work();
    const number = (this.#started.get(node) ?? 0) + 1;
    this.#started.set(node, number);
    const within = <T>(work: () => T): T => running.run(`process ${number} of ${node}`, work);
    const run = life.run.bind(life);
    life.run = (task) => run(() => within(task));
    return within;
  }
}

/** Nobody asks any more: from now on promises are as fast as ever. */
export function forgetGenerations(): void {
  running.disable();
}

/** Of which node. */
export function nodeNow(): string | undefined {
  return running.getStore()?.split(' of ')[1];
}

export function generationNow(): string | undefined {
  return running.getStore();
}
