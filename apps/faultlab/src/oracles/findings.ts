import type { Clock } from '@caisson/contracts';
import type { Finding, RuleId } from './rules.js';

/** Where all oracles of a storm put what they find. */
export class Findings {
  readonly all: Finding[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(rule: RuleId, text: string): void {
    this.all.push({ rule, atMs: this.#clock.monotonicMs(), text });
  }
}
