import { describeFinding } from '../src/oracles/rules.js';
import { plantNamed } from '../src/plants/plants.js';
import { runSeals } from '../src/profiles/seals.js';

test('disks are put back, cloned and restored, and no key meets a nonce twice', async () => {
  const verdict = await runSeals({ seed: 1, seals: 100_000 });
  expect(verdict.findings.map(describeFinding)).toEqual([]);
  expect(verdict.seals).toBeGreaterThanOrEqual(100_000);
  expect(verdict.rollbacks).toBeGreaterThanOrEqual(4);
  expect(verdict.clones).toBeGreaterThanOrEqual(2);
  expect(verdict.secondClusters).toBeGreaterThanOrEqual(1);
}, 300_000);

test('processes with the same salts meet a nonce twice', async () => {
  const { findings, seals } = await runSeals({
    seed: 1,
    seals: 100_000,
    plants: plantNamed('draws-the-same-salts'),
  });
  expect(findings[0]).toMatchObject({ rule: 'E1' });
  expect(seals).toBeLessThan(100_000);
}, 300_000);
