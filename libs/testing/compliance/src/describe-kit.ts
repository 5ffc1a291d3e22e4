import type { Case, Harness, HarnessFactory, Kit } from './case.js';
import { check } from './check.js';
import { runCase } from './run-cases.js';

type Register = (name: string, run: () => Promise<void>) => void;

/** The two words a test runner must offer; Jest's own fit. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  readonly it: Register & { readonly skip: Register };
}

export interface KitOptions {
  /**
   * Why this implementation goes without a power, by the need's id: its cases are skipped with that reason.
   */
  readonly lacks?: Readonly<Record<string, string>>;
}

/**
 * Registers a kit with a test runner, one test per case.
 *
 * A need that is neither met nor excused by `lacks` fails, and so does an excuse for a power that is there:
 * nothing is skipped by accident.
 */
export function describeKit<H extends Harness>(
  kit: Kit<H>,
  makeHarness: HarnessFactory<H>,
  runner: TestRunner,
  options: KitOptions = {},
): void {
  const { lacks = {} } = options;
  runner.describe(`${kit.contract} kit`, () => {
    for (const each of kit.cases) {
      const reason = each.needs && lacks[each.needs.id];
      if (reason === undefined) runner.it(titleOf(each), () => runCase(each, makeHarness));
      else runner.it.skip(`${titleOf(each)} [skipped: ${reason}]`, () => runCase(each, makeHarness));
    }
    if (Object.keys(lacks).length > 0) {
      runner.it(`${kit.id}/lacks only what is missing`, () =>
        checkExcuses(kit, makeHarness, Object.keys(lacks)),
      );
    }
  });
}

function titleOf({ id, because }: Case<never>): string {
  return `${id}, because ${because}`;
}

async function checkExcuses<H extends Harness>(
  kit: Kit<H>,
  makeHarness: HarnessFactory<H>,
  excused: readonly string[],
): Promise<void> {
  const harness = await makeHarness();
  try {
    for (const id of excused) {
      const need = kit.cases.find(({ needs }) => needs?.id === id)?.needs;
      check(need !== undefined, `${id} is something the ${kit.id} kit asks for`);
      check(!need.isMet(harness), `${need.what} is missing, as lacks.${id} says`);
    }
  } finally {
    await harness.dispose?.();
  }
}
