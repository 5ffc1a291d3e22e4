import type { Harness, HarnessFactory, Kit } from '../case.js';
import { check, checkEqual, ComplianceFailure } from '../check.js';
import type { TestRunner } from '../describe-kit.js';
import { runCase, runCases } from '../run-cases.js';
import type { Mutant } from './mutant.js';

/** What noticing looks like: the kit's own word, or the implementation's. Anything else is an accident. */
const NOTICED = ['ComplianceFailure', 'CaissonError'];

/**
 * Registers the tests of a kit itself: a sound implementation passes every case, and every case catches at
 * least one that is not.
 */
export function proveKit<H extends Harness>(
  kit: Kit<H>,
  reference: HarnessFactory<H>,
  mutants: readonly Mutant<H>[],
  runner: TestRunner,
): void {
  runner.describe(`the ${kit.id} kit`, () => {
    runner.it('passes the reference in every case, without a skip', async () => {
      const results = await runCases(kit.cases, reference);
      const [poor] = results.filter(({ verdict }) => verdict !== 'passed');
      if (poor?.verdict === 'failed') throw poor.error;
      checkEqual(poor?.id, undefined, 'the first case that did not pass');
      checkEqual(results.length, kit.cases.length, 'cases that ran');
    });

    runner.it('has a mutant for every case, and says each id once', async () => {
      const broken = new Set(mutants.flatMap(({ breaks }) => breaks));
      checkEqual([...broken].sort(), kit.cases.map(({ id }) => id).sort(), 'cases that mutants break');
    });

    for (const mutant of mutants) runner.it(`catches ${mutant.name}`, () => catchMutant(kit, mutant));
  });
}

async function catchMutant<H extends Harness>(kit: Kit<H>, mutant: Mutant<H>): Promise<void> {
  check(mutant.breaks.length > 0, `${mutant.name} breaks a case`);
  for (const id of mutant.breaks) {
    const broken = kit.cases.find((each) => each.id === id);
    check(broken !== undefined, `${id} is a case of the kit`);
    const noticed = await runCase(broken, mutant.harness).then(
      () => 'nothing',
      (error: unknown) => (error instanceof Error ? error.name : String(error)),
    );
    if (!NOTICED.includes(noticed)) throw new ComplianceFailure(`${id} met ${noticed} in ${mutant.name}`);
  }
}
