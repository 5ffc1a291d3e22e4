import { tmpdir } from 'node:os';
import { findEtcd } from '../src/etcd/etcd-server.js';
import { BENCHES } from '../src/index.js';
import { isComparison, summarise, summariseFigure, type Result } from '../src/measure.js';

test.each(BENCHES.map((bench) => [bench.id, bench] as const))(
  'the bench %s runs and measures something',
  async (_id, bench) => {
    const etcd = await findEtcd();
    const results = await bench.run({
      scale: 0.02,
      pairs: 1,
      tell: () => undefined,
      folder: tmpdir(),
      ...(etcd !== undefined && { etcd }),
    });
    expect(results.length).toBeGreaterThan(0);
    expect(results.map(problemOf).filter((problem) => problem !== undefined)).toEqual([]);
  },
  240_000,
);

/** A figure may be the difference of two measurements, and below zero for noise. */
function problemOf(result: Result): string | undefined {
  if (!isComparison(result)) {
    const { median } = summariseFigure(result);
    return Number.isFinite(median) ? undefined : `${result.name}: ${median}`;
  }
  const { ours, theirs } = summarise(result);
  const isSound = Number.isFinite(ours) && ours >= 0 && theirs > 0;
  return isSound ? undefined : `${result.name}: ${ours} against ${theirs}`;
}
