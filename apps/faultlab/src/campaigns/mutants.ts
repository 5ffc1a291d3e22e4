import type { Plan } from '../faults/plan.js';
import { type Finding, gravest, RULES, type RuleId } from '../oracles/rules.js';
import { PATCHES } from '../plants/patches.js';
import { PLANTS } from '../plants/plants.js';
import { readScenario } from '../scenarios/scenarios.js';
import { runPlan, runSeed } from '../storm/storm.js';

export interface MutantOptions {
  readonly names: readonly string[];
  readonly from: number;
  readonly seedsMax: number;
  readonly stormMs: number;
  /** Hunts a bug that has to be there before the product is loaded: in a process of its own. */
  readonly elsewhere: (plant: string) => Promise<MutantResult>;
  /** The one that is there in this process. */
  readonly loaded: string | undefined;
  readonly onDone?: (result: MutantResult) => void;
}

export interface MutantResult {
  readonly plant: string;
  readonly about: string;
  /** Storms run until a rule broke; all of them, if none did. */
  readonly seeds: number;
  readonly caught?: { readonly seed: number; readonly rule: RuleId; readonly isExpected: boolean };
}

/** Plants each bug, and runs storms until one of them brings it to light. */
export async function runMutants(options: MutantOptions): Promise<readonly MutantResult[]> {
  const results: MutantResult[] = [];
  for (const name of options.names) {
    const isElsewhere = name in PATCHES && options.loaded !== name;
    const result = await (isElsewhere ? options.elsewhere(name) : hunt(name, options));
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
  const { scenario, storms: profile = 'usual' } = PATCHES[plant] ?? {};
  const directed = scenario === undefined ? undefined : await readScenario(scenario);
  for (let seeds = 1; seeds <= seedsMax; seeds++) {
    const seed = from + seeds - 1;
    const { findings } =
      directed === undefined
        ? await runSeed({ seed, stormMs, profile }, { plant, until: breaks })
        : await runPlan(withSeed(directed, seed), { plant, until: breaks });
    const worst = telling(findings, breaks);
    if (worst === undefined) continue;
    const { rule } = worst;
    return { plant, about, seeds, caught: { seed, rule, isExpected: breaks.includes(rule) } };
  }
  return { plant, about, seeds: seedsMax };
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
