import type { Plan, Step } from '../faults/plan.js';
import { gravest, type RuleId } from '../oracles/rules.js';
import type { Verdict } from '../storm/verdict.js';

export interface ShrinkOptions {
  /** What it is to break again, in the plan that is left. */
  readonly rule: RuleId;
  readonly run: (plan: Plan) => Promise<Verdict>;
  /** Storms to try, at most. */
  readonly triesMax: number;
  readonly onTry?: (steps: number, isBroken: boolean) => void;
}

export interface Shrunk {
  readonly plan: Plan;
  readonly verdict: Verdict;
  readonly tries: number;
  /** Whether no single step can go any more; false where the tries ran out. */
  readonly isMinimal: boolean;
}

/**
 * Leaves away what a failure does not need: the time behind it, then steps, in halves, quarters and so on
 * down to single ones. What is left breaks the same rule, though perhaps in another way.
 */
export async function shrink(failed: Verdict, options: ShrinkOptions): Promise<Shrunk> {
  return new Shrinking(failed, options).run();
}

class Shrinking {
  readonly #options: ShrinkOptions;
  #best: Verdict;
  #tries = 0;

  constructor(failed: Verdict, options: ShrinkOptions) {
    this.#best = failed;
    this.#options = options;
  }

  async run(): Promise<Shrunk> {
    await this.#holds({ ...this.#best.plan, steps: [] });
    await this.#cutTime();
    let size = Math.max(1, this.#steps.length >> 1);
    let isMinimal = this.#steps.length === 0;
    while (!isMinimal && this.#hasTries) {
      const isSmaller = await this.#without(size);
      if (size === 1 && !isSmaller) isMinimal = this.#hasTries;
      if (!isSmaller || size > this.#steps.length) size = Math.max(1, size >> 1);
      isMinimal ||= this.#steps.length === 0;
    }
    return { plan: this.#best.plan, verdict: this.#best, tries: this.#tries, isMinimal };
  }

  get #steps(): readonly Step[] {
    return this.#best.plan.steps;
  }

  get #hasTries(): boolean {
    return this.#tries < this.#options.triesMax;
  }

  /** A storm that ends where it failed. */
  async #cutTime(): Promise<void> {
    const { begunAtMs, findings, plan } = this.#best;
    const stormMs = (gravest(findings)?.atMs ?? Infinity) - begunAtMs;
    if (stormMs >= plan.stormMs || stormMs < 0) return;
    await this.#holds({ ...plan, stormMs, steps: plan.steps.filter(({ atMs }) => atMs <= stormMs) });
  }

  /** Whether any run of so many steps could go. From the end, since causes come first. */
  async #without(size: number): Promise<boolean> {
    let isSmaller = false;
    for (let end = this.#steps.length; end > 0 && this.#hasTries; end -= size) {
      const steps = this.#steps.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (await this.#holds({ ...this.#best.plan, steps })) isSmaller = true;
    }
    return isSmaller;
  }

  async #holds(plan: Plan): Promise<boolean> {
    this.#tries++;
    const verdict = await this.#options.run(plan);
    const isBroken = gravest(verdict.findings)?.rule === this.#options.rule;
    if (isBroken) this.#best = verdict;
    this.#options.onTry?.(plan.steps.length, isBroken);
    return isBroken;
  }
}
