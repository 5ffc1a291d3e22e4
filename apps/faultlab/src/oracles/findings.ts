import type { Clock } from '@caisson/contracts';
import type { About, Finding, RuleId } from './rules.js';

/** How often a rule was looked at, and how often what was looked at could have broken it. */
export interface Looks {
  readonly evaluated: number;
  readonly couldFail: number;
}

/** Where all oracles of a storm put what they find, and how often they looked. */
export class Findings {
  readonly all: Finding[] = [];
  /** Rules that nothing more has to be found out about once they are broken. */
  enough: ReadonlySet<RuleId> = new Set();
  readonly #clock: Clock;
  readonly #looks = new Map<RuleId, { evaluated: number; couldFail: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(rule: RuleId, text: string, about?: About): void {
    this.all.push({ rule, atMs: this.#clock.monotonicMs(), text, ...(about && { about }) });
  }

  get isEnough(): boolean {
    return this.enough.size > 0 && this.all.some(({ rule }) => this.enough.has(rule));
  }

  /** One look at a rule; `couldFail` says whether anything was there that could have broken it. */
  saw(rule: RuleId, couldFail = true): void {
    const looks = this.#looks.get(rule) ?? { evaluated: 0, couldFail: 0 };
    looks.evaluated++;
    if (couldFail) looks.couldFail++;
    this.#looks.set(rule, looks);
  }

  get looks(): Readonly<Record<string, Looks>> {
    return Object.fromEntries([...this.#looks].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
