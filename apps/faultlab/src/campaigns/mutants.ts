import { gravest, type RuleId } from '../oracles/rules.js';
import { PLANTS } from '../plants/plants.js';
import { runSeed } from '../storm/storm.js';

export interface MutantOptions {
  readonly names: readonly string[];
  readonly from: number;
  readonly seedsMax: number;
  readonly stormMs: number;
  readonly onDone?: (result: MutantResult) => void;
}

export interface MutantResult {
  readonly plant: string;
  readonly about: string;
  /** Seeds run until a rule broke; all of them, if none did. */
  readonly seeds: number;
  readonly caught?: { readonly seed: number; readonly rule: RuleId; readonly isExpected: boolean };
}

/** Plants each bug, and runs storms until one of them brings it to light. */
export async function runMutants(options: MutantOptions): Promise<readonly MutantResult[]> {
  const results: MutantResult[] = [];
  for (const name of options.names) {
    const result = await hunt(name, options);
    options.onDone?.(result);
    results.push(result);
  }
  return results;
}

async function hunt(plant: string, { from, seedsMax, stormMs }: MutantOptions): Promise<MutantResult> {
  const { about, breaks, hunt: hunted, make } = PLANTS[plant]!;
  if (hunted !== undefined) {
    const found = gravest(await hunted(make()));
    const caught = found && { seed: from, rule: found.rule, isExpected: breaks.includes(found.rule) };
    return { plant, about, seeds: 1, ...(caught && { caught }) };
  }
  for (let seeds = 1; seeds <= seedsMax; seeds++) {
    const seed = from + seeds - 1;
    const worst = gravest((await runSeed({ seed, stormMs }, { plant })).findings);
    if (worst === undefined) continue;
    const { rule } = worst;
    return { plant, about, seeds, caught: { seed, rule, isExpected: breaks.includes(rule) } };
  }
  return { plant, about, seeds: seedsMax };
}
