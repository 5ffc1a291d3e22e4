import type { Message } from '@caisson/raft';
import type { ApplyLoop } from '../applying/apply-loop.js';
import { Fifo } from '../proposals/fifo.js';
import { toLogEntry } from './core-entries.js';

interface Page {
  readonly last: number;
  readonly responses: readonly Message[];
}

/** Hands committed entries to the apply loop, and tells the core when they are applied. */
export class ApplyThread {
  readonly #loop: ApplyLoop;
  readonly #pages = new Fifo<Page>();

  constructor(loop: ApplyLoop) {
    this.#loop = loop;
  }

  push({ entries, responses }: Message): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    this.#pages.push({ last: last.index, responses });
    this.#loop.commit(entries.map(toLogEntry));
  }

  /** What the core is to hear, now that the loop has come this far. */
  takeDone(): readonly Message[] {
    const done: Message[] = [];
    for (let page = this.#pages.peek(); page !== undefined; page = this.#pages.peek()) {
      if (page.last > this.#loop.applied) break;
      done.push(...page.responses);
      this.#pages.shift();
    }
    return done;
  }
}
