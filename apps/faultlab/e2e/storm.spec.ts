import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { shrink } from '../src/campaigns/shrink.js';
import { isRelief } from '../src/faults/fault.js';
import { describeFinding, gravest } from '../src/oracles/rules.js';
import { runPlan, runSeed } from '../src/storm/storm.js';
import { faultCount, type Verdict } from '../src/storm/verdict.js';
import { PLANTS } from '../src/plants/plants.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const STORM_MS = 2500;

/** Four in a row differ in what is encrypted and in how soon logs are cut. */
describe('a cluster in a storm', () => {
  it.each([1, 2, 3, 4])('keeps every promise (seed %d)', async (seed) => {
    const { counts, effective, findings, plan } = await runSeed({ seed, stormMs: STORM_MS });
    expect(findings.map(describeFinding)).toEqual([]);
    expect(counts.acknowledged).toBeGreaterThan(0);
    expect(faultCount(effective)).toBeGreaterThan(0);
    expect(plan.isEncrypted ? counts.seals : 1).toBeGreaterThan(0);
  });

  it.each([4, 7, 12])('keeps them in a swarm of faults, too (seed %d)', async (seed) => {
    const { findings, looks } = await runSeed({ seed, stormMs: 2 * STORM_MS, profile: 'swarm' });
    expect(findings.map(describeFinding)).toEqual([]);
    expect(looks['T11']?.couldFail).toBeGreaterThan(0);
  });

  it('is the same storm each time, drawn or planned', async () => {
    const once = await runSeed({ seed: 6, stormMs: STORM_MS });
    expect(await runSeed({ seed: 6, stormMs: STORM_MS })).toEqual(once);
    expect(await runPlan(once.plan)).toEqual(once);
    expect(once.plan.steps.length).toBeGreaterThan(3);
    const other = await runPlan({ ...once.plan, steps: once.plan.steps.slice(1) });
    expect(other.traceHash).not.toBe(once.traceHash);
  });

  it('is the same storm in another process', async () => {
    const { traceHash } = await runSeed({ seed: 6, stormMs: STORM_MS });
    const args = [
      MAIN,
      'replay',
      '--profile',
      'usual',
      '--seed',
      '6',
      '--seconds',
      String(STORM_MS / 1000),
      '--json',
      '-',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toMatchObject({ runs: [{ seed: 6, traceHash, findings: [] }] });
  });
});

test('a storm of a planted bug breaks a rule, and says which', async () => {
  const { findings } = await runSeed({ seed: 1, stormMs: STORM_MS }, { plant: 'skips-effects' });
  expect(PLANTS['skips-effects']!.breaks).toContain(gravest(findings)?.rule);
});

/** Of a bug that not every storm brings to light. */
async function firstFailure(plant: string): Promise<Verdict> {
  for (let seed = 1; ; seed++) {
    const verdict = await runSeed({ seed, stormMs: STORM_MS }, { plant });
    if (verdict.findings.length > 0 || seed === 12) return verdict;
  }
}

test('a failure is brought down to three faults at most', async () => {
  const failed = await firstFailure('reads-the-past');
  const { rule } = gravest(failed.findings)!;
  const shrunk = await shrink(failed, { rule, run: runPlan, triesMax: 30 });
  const harm = shrunk.plan.steps.filter(({ fault }) => !isRelief(fault));
  expect(shrunk.isMinimal).toBe(true);
  expect(harm.length).toBeLessThanOrEqual(3);
  expect(gravest((await runPlan(shrunk.plan)).findings)?.rule).toBe(rule);
});

test('a standard storm keeps the pace of a small cluster', async () => {
  const { counts, findings } = await runSeed({ seed: 4, stormMs: 15_000, profile: 'standard' });
  expect(findings).toEqual([]);
  const perSecond = (counts.acknowledged * 1000) / counts.simulatedMs;
  expect(perSecond).toBeGreaterThan(3);
  expect(perSecond).toBeLessThan(16);
});

test('a hunt ends a storm at the rule that it is after', async () => {
  const whole = await runSeed({ seed: 1, stormMs: STORM_MS }, { plant: 'loses-its-tail' });
  const hunted = await runSeed({ seed: 1, stormMs: STORM_MS }, { plant: 'loses-its-tail', until: ['R8'] });
  expect(hunted.findings.at(-1)?.rule).toBe('R8');
  expect(hunted.counts.simulatedMs).toBeLessThan(whole.counts.simulatedMs);
});
