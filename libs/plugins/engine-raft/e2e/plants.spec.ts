import { PLANTS } from './storm/plants.js';
import { runStorm } from './storm/storm.js';

const SEEDS = 20;
const MINUTES_MS = 60_000;

/** A storm that nothing can fail would prove nothing. */
describe('a storm brings to light that a node', () => {
  for (const [fault, plant] of Object.entries(PLANTS)) {
    it(
      fault,
      async () => {
        let found: readonly string[] = [];
        for (let seed = 1; seed <= SEEDS && found.length === 0; seed++) {
          ({ violations: found } = await runStorm({ seed, plants: plant() }));
        }
        expect(found).not.toEqual([]);
      },
      3 * MINUTES_MS,
    );
  }
});
