import { configOf } from './engine.js';
import { StormCluster } from './cluster.js';

test('a millisecond in which nothing is due is not looked at, and time is what it was', async () => {
  const config = configOf({ hasShortLogs: false, shape: { tickMs: 100 } });
  const cluster = await StormCluster.of(1, { ...config, seed: 1, isEncrypted: true, plants: {} });
  const looks = () => cluster.findings.looks['H9']!.evaluated;
  const [atMs, before] = [cluster.clock.monotonicMs(), looks()];
  await cluster.passMs(1999);
  expect(cluster.clock.monotonicMs()).toBe(atMs + 1999);
  expect(looks() - before).toBeLessThan(100);
  expect(await cluster.within(50, () => cluster.clock.monotonicMs() >= atMs + 2030)).toBe(true);
  expect(cluster.clock.monotonicMs()).toBeLessThan(atMs + 2040);
  cluster.end();
});
