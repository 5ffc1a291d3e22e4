import type { LogStart } from '@caisson/contracts';

/** Terms of a whole log in a few numbers: they change at elections only. */
export class TermRuns {
  readonly #firsts: number[];
  readonly #terms: number[];

  constructor(start: LogStart) {
    this.#firsts = [start.index];
    this.#terms = [start.term];
  }

  /** Indexes ascend without a hole. */
  push(index: number, term: number): void {
    if (this.#terms[this.#terms.length - 1] === term) return;
    this.#firsts.push(index);
    this.#terms.push(term);
  }

  /** Forgets `index` and everything above; never the start. */
  cutFrom(index: number): void {
    while (this.#firsts[this.#firsts.length - 1]! >= index) {
      this.#firsts.pop();
      this.#terms.pop();
    }
  }

  /** Makes `index` the start. */
  dropBelow(index: number): void {
    const run = this.#runOf(index);
    this.#firsts.splice(0, run);
    this.#terms.splice(0, run);
    this.#firsts[0] = index;
  }

  restart(start: LogStart): void {
    this.#firsts.splice(0, Infinity, start.index);
    this.#terms.splice(0, Infinity, start.term);
  }

  at(index: number): number {
    return this.#terms[this.#runOf(index)]!;
  }

  #runOf(index: number): number {
    let low = 0;
    let high = this.#firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#firsts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
