import type { Plan, Profile } from '../faults/plan.js';
import { type Finding, gravest, RULES, type RuleId } from '../oracles/rules.js';
import { type Plant, PLANTS } from '../plants/plants.js';
import { readAnyScenario } from '../scenarios/scenarios.js';
import { runPlan, runSeed } from '../storm/storm.js';
import type { Verdict } from '../storm/verdict.js';

export interface HuntOptions {
  readonly from: number;
  readonly seedsMax: number;
  readonly stormMs: number;
}

/** What became of one planted bug. */
export interface MutantResult {
  readonly plant: string;
  readonly about: string;
  /** The rules that it may be seen to break. */
  readonly breaks: readonly RuleId[];
  /** What brings it out, in words. */
  readonly where: string;
  /** Storms run until a rule broke; all of them, if none did. */
  readonly seeds: number;
  readonly caught?: { readonly seed: number; readonly rule: RuleId; readonly isExpected: boolean };
}

/** A hunt, with the storm that brought the bug out, where it was one. */
export interface Hunted {
  readonly result: MutantResult;
  readonly verdict?: Verdict;
}

const DEFAULT_PROFILE: Profile = 'usual';

/** In words: where a bug is hunted. */
export function groundOf({ hunt, scenario, storms = DEFAULT_PROFILE }: Plant): string {
  if (hunt !== undefined) return 'a hunt of its own';
  return scenario ?? `${storms} storms`;
}

/** Runs storms with the bug planted until one of them brings it to light. */
export async function hunt(name: string, { from, seedsMax, stormMs }: HuntOptions): Promise<Hunted> {
  const plant = PLANTS[name]!;
  const { about, breaks, scenario, storms: profile = DEFAULT_PROFILE } = plant;
  const common = { plant: name, about, breaks, where: groundOf(plant) };
  if (plant.hunt !== undefined) {
    const found = gravest(await plant.hunt(plant.make()));
    const caught = found && { seed: from, rule: found.rule, isExpected: breaks.includes(found.rule) };
    return { result: { ...common, seeds: 1, ...(caught && { caught }) } };
  }
  const directed = scenario === undefined ? undefined : await readAnyScenario(scenario);
  const extras = { plant: name, until: breaks };
  for (let seed = from; seed < from + seedsMax; seed++) {
    const verdict =
      directed === undefined
        ? await runSeed({ seed, stormMs, profile }, extras)
        : await runPlan(withSeed(directed, seed), extras);
    const rule = telling(verdict.findings, breaks)?.rule;
    if (rule === undefined) continue;
    const caught = { seed, rule, isExpected: breaks.includes(rule) };
    return { result: { ...common, seeds: seed - from + 1, caught }, verdict };
  }
  return { result: { ...common, seeds: seedsMax } };
}

function withSeed({ traceHash: _, ...plan }: Plan, seed: number): Plan {
  return { ...plan, seed };
}

/** What the bug was expected to break; else the gravest, unless it says that the storm came to nothing. */
function telling(findings: readonly Finding[], breaks: readonly RuleId[]): Finding | undefined {
  const expected = findings.filter(({ rule }) => breaks.includes(rule));
  const others = findings.filter(({ rule }) => RULES[rule].class !== 'harness');
  return gravest(expected) ?? gravest(others);
}
