import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plan } from '../faults/plan.js';

const PLANS = fileURLToPath(new URL('../../plans/', import.meta.url));

/** Where directed storms lie as data: the catalogue's cases, and what once broke something. */
export const SHELVES = ['scenarios', 'regressions'] as const;
export type Shelf = (typeof SHELVES)[number];

/** The names of all plans on a shelf. */
export async function scenarioNames(shelf: Shelf = 'scenarios'): Promise<readonly string[]> {
  const files = await readdir(`${PLANS}${shelf}`).catch(() => []);
  return files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : [])).sort();
}

/** By its whole name, or by the id that its title begins with, such as `S11`. */
export async function readScenario(name: string, shelf: Shelf = 'scenarios'): Promise<Plan> {
  for (const known of await scenarioNames(shelf)) {
    const plan = Plan.parse(JSON.parse(await readFile(`${PLANS}${shelf}/${known}.json`, 'utf8')));
    const ids = plan.title?.split(':')[0]?.split(', ') ?? [];
    if (known === name || ids.includes(name)) return plan;
  }
  throw new RangeError(`there is no scenario ${name}: there are ${(await scenarioNames(shelf)).join(', ')}`);
}

/** A directed storm, from whichever shelf. */
export async function readAnyScenario(name: string): Promise<Plan> {
  const isKept = (await scenarioNames('regressions')).includes(name);
  return readScenario(name, isKept ? 'regressions' : 'scenarios');
}

/** All shelves. */
export async function everyScenario(): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  for (const shelf of SHELVES) {
    for (const name of await scenarioNames(shelf)) plans.push(await readScenario(name, shelf));
  }
  return plans;
}
