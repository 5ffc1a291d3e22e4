import { isRelief } from '../faults/fault.js';
import type { Plan, Step } from '../faults/plan.js';
import type { RuleId } from '../oracles/rules.js';
import type { Verdict } from '../storm/verdict.js';
import { calmer, inItsTime, later, plainer } from './simplifications.js';

export interface ShrinkOptions {
  /** What it is to break again, in the plan that is left. */
  readonly rule: RuleId;
  readonly run: (plan: Plan) => Promise<Verdict>;
  /** Storms to try, at most. */
  readonly triesMax: number;
  /** Whether there is no time left for another one. */
  readonly isLate?: (() => boolean) | undefined;
  readonly onTry?: (steps: number, isBroken: boolean) => void;
}

export interface Shrunk {
  readonly plan: Plan;
  readonly verdict: Verdict;
  readonly tries: number;
  /** Whether no single step can go any more; false where tries or time ran out. */
  readonly isMinimal: boolean;
}

/** A plan with no more faults than these is understood; with more, other seeds are tried. */
const FEW = 3;
const OTHER_SEEDS = 4;
/** A storm with so many times the events of the one that failed is no smaller one: it ends there. */
export const AWRY = 3;

/**
 * Leaves away what a failure does not need: the time behind it, then steps, in halves, quarters and so on
 * down to single ones; then what is odd about the nodes, and moments that a time does as well for. What is
 * left breaks the same rule, though perhaps in another way.
 */
export async function shrink(failed: Verdict, options: ShrinkOptions): Promise<Shrunk> {
  return new Shrinking(failed, options).run();
}

/** Faults of a plan that do harm. */
export function harmIn({ steps }: Pick<Plan, 'steps'>): readonly Step[] {
  return steps.filter(({ fault }) => !isRelief(fault));
}

class Shrinking {
  readonly #options: ShrinkOptions;
  /** What was tried, and whether the rule broke: no storm is run twice. */
  readonly #known = new Map<string, boolean>();
  #best: Verdict;
  #tries = 0;

  constructor(failed: Verdict, options: ShrinkOptions) {
    this.#options = options;
    this.#best = { ...failed, plan: plainer(failed.plan, options.rule) };
  }

  async run(): Promise<Shrunk> {
    await this.#holds({ ...this.#plan, steps: [] });
    await this.#each(inItsTime(this.#best, this.#options.rule));
    let isMinimal = await this.#leaveAway();
    if (harmIn(this.#plan).length > FEW) isMinimal = await this.#elsewhere(isMinimal);
    await this.#each(calmer(this.#plan));
    await this.#each(later(this.#best));
    await this.#each(inItsTime(this.#best, this.#options.rule));
    isMinimal &&= this.#hasTries;
    return { plan: this.#plan, verdict: this.#best, tries: this.#tries, isMinimal };
  }

  get #plan(): Plan {
    return this.#best.plan;
  }

  get #hasTries(): boolean {
    return this.#tries < this.#options.triesMax && this.#options.isLate?.() !== true;
  }

  /** Tries one simplification after the other, each on top of those that held. */
  async #each(changes: readonly ((plan: Plan) => Plan | undefined)[]): Promise<void> {
    for (const change of changes) {
      const plan = change(this.#plan);
      if (plan !== undefined && this.#hasTries) await this.#holds(plan);
    }
  }

  /** Whether what is left is minimal: no single step of it can go. */
  async #leaveAway(): Promise<boolean> {
    let size = Math.max(1, this.#plan.steps.length >> 1);
    while (this.#plan.steps.length > 0 && this.#hasTries) {
      const isSmaller = await this.#without(size);
      if (size === 1 && !isSmaller) return this.#hasTries;
      if (!isSmaller || size > this.#plan.steps.length) size = Math.max(1, size >> 1);
    }
    return this.#plan.steps.length === 0;
  }

  /** Whether any run of so many steps could go. From the end, since causes come first. */
  async #without(size: number): Promise<boolean> {
    let isSmaller = false;
    for (let end = this.#plan.steps.length; end > 0 && this.#hasTries; end -= size) {
      const steps = this.#plan.steps.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (await this.#holds({ ...this.#plan, steps })) isSmaller = true;
    }
    return isSmaller;
  }

  /**
   * Where chance had a hand in it, other chances may need less: half of the steps, or a single one, among
   * clients and latencies of other seeds.
   */
  async #elsewhere(isMinimal: boolean): Promise<boolean> {
    const before = this.#plan.steps.length;
    const { seed, steps } = this.#plan;
    const middle = steps.length >> 1;
    const parts = [[], steps.slice(middle), steps.slice(0, middle), ...steps.map((step) => [step])];
    for (let other = seed + 1; other <= seed + OTHER_SEEDS; other++) {
      for (const part of parts) {
        if (!this.#hasTries || !(await this.#holds({ ...this.#plan, seed: other, steps: part }))) continue;
        return this.#leaveAway();
      }
    }
    return isMinimal && before === this.#plan.steps.length;
  }

  async #holds(plan: Plan): Promise<boolean> {
    const { onTry, rule, run } = this.#options;
    const key = JSON.stringify({ ...plan, traceHash: undefined });
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#tries++;
    const verdict = await run(plan);
    const isBroken = verdict.findings.some((finding) => finding.rule === rule);
    this.#known.set(key, isBroken);
    if (isBroken) this.#best = verdict;
    onTry?.(plan.steps.length, isBroken);
    return isBroken;
  }
}
