import { PLANTS } from './storm/plants.js';
import { runStorm } from './storm/storm.js';

const SEEDS = 20;

describe('a storm brings to light that a node', () => {
  for (const [fault, plant] of Object.entries(PLANTS)) {
    it(
      fault,
      async () => {
        let found: readonly string[] = [];
        let seed = 1;
        for (; seed <= SEEDS && found.length === 0; seed++) {
          ({ violations: found } = await runStorm({ seed, plants: plant() }));
        }
        process.stderr.write(`${fault}: ${seed - 1}: ${found[0]?.slice(0, 300)}\n`);
        expect(found).not.toEqual([]);
      },
      180_000,
    );
  }
});
