import { runStorm, type Verdict } from './storm/storm.js';

/** Four in a row differ in what is encrypted and in how soon logs are cut. */
const SEEDS = Number(process.env['CAISSON_STORM_SEEDS'] ?? 4);
const FROM = Number(process.env['CAISSON_STORM_FROM'] ?? 1);
const TELLS = process.env['CAISSON_STORM_TELLS'] !== undefined;

const STORY_LINES = 60;

function reportOf({ story, violations }: Verdict): string {
  return violations.length === 0 ? '' : [...story.slice(-STORY_LINES), ...violations].join('\n');
}

describe('a cluster in a storm', () => {
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    it(`keeps every promise (seed ${seed})`, async () => {
      const verdict = await runStorm({ seed });
      if (TELLS) process.stdout.write(`seed ${seed}: ${JSON.stringify(verdict.counts)}\n`);
      expect(reportOf(verdict)).toBe('');
      expect(verdict.counts['acknowledged']).toBeGreaterThan(0);
    });
  }

  it('is the same storm each time', async () => {
    const once = await runStorm({ seed: FROM, stormMs: 3000 });
    expect(await runStorm({ seed: FROM, stormMs: 3000 })).toEqual(once);
    expect(once.story.length).toBeGreaterThan(3);
  });
});
