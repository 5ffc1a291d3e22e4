import { ManualClock } from '@caisson/compliance';
import { setTimeout as sleep } from 'node:timers/promises';
import { Findings } from '../oracles/findings.js';
import { describeFinding } from '../oracles/rules.js';
import { runSeed } from '../storm/storm.js';
import { RealWorld } from './real-world.js';

function turn(work: () => unknown): readonly string[] {
  const findings = new Findings(new ManualClock());
  const world = new RealWorld(findings, true);
  world.enter();
  try {
    work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  } finally {
    world.leave();
    world.end();
  }
  return findings.all.map(describeFinding);
}

test('a simulated turn may compute, and queue what comes after it', () => {
  expect(turn(() => void Promise.resolve().then(() => setImmediate(() => undefined)))).toEqual([]);
});

test.each([
  ['now', () => Date.now()],
  ['random', () => Math.random()],
  ['setTimeout', () => setTimeout(() => undefined, 0)],
  ['setInterval', () => setInterval(() => undefined, 1000)],
  ['timeout', () => AbortSignal.timeout(1000)],
  ['randomUUID', () => crypto.randomUUID()],
])('in a simulated turn %s throws, and is told of', (name, work) => {
  expect(() => turn(work)).not.toThrow();
  expect(turn(work)).toEqual([expect.stringContaining(`${name} in a simulated turn`)]);
});

test('what goes around these doors is seen when the turn ends', async () => {
  let pending: Promise<unknown> = Promise.resolve();
  const told = turn(() => (pending = sleep(1)));
  expect(told).toEqual([expect.stringContaining('Timeout')]);
  await pending;
});

test('outside of turns all is as it was', async () => {
  turn(() => undefined);
  const before = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(Date.now()).toBeGreaterThanOrEqual(before);
  expect(Math.random()).toBeLessThan(1);
});

test('a node that sets a real timer breaks H9', async () => {
  const setting = { seed: 2, stormMs: 500, profile: 'usual' } as const;
  const { findings } = await runSeed(setting, { plant: 'sets-a-real-timer' });
  expect(findings.map(({ rule }) => rule)).toContain('H9');
});
