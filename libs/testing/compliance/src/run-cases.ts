import type { Clock } from '@caisson/contracts';
import type { Case, Harness, HarnessFactory } from './case.js';
import { ComplianceFailure } from './check.js';

/** What came of one case. */
export type CaseResult = { readonly id: string; readonly because: string } & (
  | { readonly verdict: 'passed' }
  | { readonly verdict: 'failed'; readonly error: unknown }
  | { readonly verdict: 'skipped'; readonly reason: string }
);

export interface RunOptions {
  /** With a clock, a case that takes longer than `timeoutMs` fails; without one, it may hang. */
  readonly clock?: Clock;
  /** Default 30 s. */
  readonly timeoutMs?: number;
  /** Called after each case, for those who print as they go. */
  readonly onResult?: (result: CaseResult) => void;
}

/**
 * Runs cases one after the other, each on a harness of its own. Never rejects: whatever goes wrong is a
 * verdict.
 */
export async function runCases<H extends Harness>(
  cases: readonly Case<H>[],
  makeHarness: HarnessFactory<H>,
  options: RunOptions = {},
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const each of cases) {
    const result = await resultOf(each, makeHarness, options);
    results.push(result);
    options.onResult?.(result);
  }
  return results;
}

/** Runs one case that must not be skipped; rejects when it fails. */
export async function runCase<H extends Harness>(
  each: Case<H>,
  makeHarness: HarnessFactory<H>,
): Promise<void> {
  const harness = await makeHarness();
  try {
    if (each.needs !== undefined && !each.needs.isMet(harness)) {
      const { id, what } = each.needs;
      throw new ComplianceFailure(`the case needs ${what}; where that cannot be, say why under lacks.${id}`);
    }
    await each.run(harness);
  } finally {
    await harness.dispose?.();
  }
}

async function resultOf<H extends Harness>(
  each: Case<H>,
  makeHarness: HarnessFactory<H>,
  options: RunOptions,
): Promise<CaseResult> {
  const { id, because } = each;
  try {
    const harness = await makeHarness();
    try {
      if (each.needs !== undefined && !each.needs.isMet(harness)) {
        return { id, because, verdict: 'skipped', reason: `needs ${each.needs.what}` };
      }
      await within(each.run(harness), options);
    } finally {
      await harness.dispose?.();
    }
    return { id, because, verdict: 'passed' };
  } catch (error) {
    return { id, because, verdict: 'failed', error };
  }
}

async function within(running: Promise<void>, { clock, timeoutMs = 30_000 }: RunOptions): Promise<void> {
  if (clock === undefined) return running;
  let cancel = (): void => undefined;
  const late = new Promise<void>((_resolve, reject) => {
    const expire = () => reject(new ComplianceFailure(`the case is not over after ${timeoutMs} ms`));
    cancel = clock.after(timeoutMs, expire);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    cancel();
  }
}
