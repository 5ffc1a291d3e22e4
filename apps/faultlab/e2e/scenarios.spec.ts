import { describeFinding } from '../src/oracles/rules.js';
import { readScenario, scenarioNames, SHELVES } from '../src/scenarios/scenarios.js';
import { runPlan } from '../src/storm/storm.js';

const all = await Promise.all(
  SHELVES.map(async (shelf) => (await scenarioNames(shelf)).map((name) => ({ shelf, name }))),
);

describe('a directed storm', () => {
  it.each(all.flat())(
    '$shelf/$name comes to what it is about, and breaks no rule',
    async ({ name, shelf }) => {
      const { findings } = await runPlan(await readScenario(name, shelf));
      expect(findings.map(describeFinding)).toEqual([]);
    },
  );

  it('is found by its id, and missed by name', async () => {
    expect((await readScenario('S11')).title).toMatch(/^S11: /);
    await expect(readScenario('S99')).rejects.toThrow('there is no scenario S99');
  });
});
