import { BENCHES } from '../src/index.js';
import { summarise } from '../src/measure.js';

test.each(BENCHES.map((bench) => [bench.id, bench] as const))(
  'the bench %s runs and compares something',
  async (_id, bench) => {
    const comparisons = await bench.run({ scale: 0.02, pairs: 1, tell: () => undefined });
    expect(comparisons.length).toBeGreaterThan(0);
    for (const comparison of comparisons) {
      const { ours, theirs } = summarise(comparison);
      expect([comparison.name, Number.isFinite(ours) && ours >= 0, theirs > 0]).toEqual([
        comparison.name,
        true,
        true,
      ]);
    }
  },
  120_000,
);
