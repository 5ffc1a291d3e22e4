import { runStorm } from './storm/storm.js';

const SEEDS = Number(process.env['CAISSON_STORM_SEEDS'] ?? 3);
const FROM = Number(process.env['CAISSON_STORM_FROM'] ?? 1);

describe('a cluster in a storm', () => {
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    it(`keeps every promise (seed ${seed})`, async () => {
      const { counts, story, violations } = await runStorm({ seed });
      process.stderr.write(`${seed} ${JSON.stringify(counts)}\n`);
      const report = violations.length === 0 ? [] : [...story.slice(-40), ...violations];
      expect(report.join('\n')).toBe('');
      expect(counts['acknowledged']).toBeGreaterThan(0);
    });
  }
});
