import { planOf, type Plan, type Step } from '../faults/plan.js';
import type { Verdict } from '../storm/verdict.js';
import { shrink } from './shrink.js';

const NOTHING = { simulatedMs: 0, events: 0, acknowledged: 0, checked: 0, entries: 0, terms: 0 };
const COUNTS = { ...NOTHING, installs: 0, seals: 0, bytesScanned: 0, nodes: 0, beyond: 0 };

/** A storm that breaks a rule whenever its plan has the given steps. */
async function toy(plan: Plan, needed: readonly number[]): Promise<Verdict> {
  const times = plan.steps.map(({ atMs }) => atMs);
  const isBroken = needed.every((atMs) => times.includes(atMs));
  const findings = isBroken ? [{ rule: 'T1', atMs: 900, text: 'broken' } as const] : [];
  const rest = {
    traceHash: '',
    story: [],
    lanes: {},
    begunAtMs: 100,
    effective: {},
    effectiveById: {},
    looks: {},
    counts: COUNTS,
  };
  return { seed: plan.seed, plan, findings, ...rest };
}

const steps = Array.from({ length: 40 }, (_, at): Step => ({ atMs: at * 20, fault: { kind: 'heal' } }));
const plan = planOf({ seed: 1, stormMs: 5000 }, steps);

test.each([[[]], [[0]], [[780]], [[20, 400]], [[0, 300, 780]]])(
  'of forty steps those are left that a failure needs: %j',
  async (needed) => {
    const run = (tried: Plan) => toy(tried, needed);
    const shrunk = await shrink(await run(plan), { rule: 'T1', triesMax: 500, run });
    expect(shrunk.plan.steps.map(({ atMs }) => atMs)).toEqual(needed);
    expect(shrunk.isMinimal).toBe(true);
    expect(shrunk.verdict.findings).toHaveLength(1);
  },
);

test('a plan says that it may not be minimal when the tries ran out', async () => {
  const run = (tried: Plan) => toy(tried, [20, 400]);
  const { isMinimal, tries } = await shrink(await run(plan), { rule: 'T1', triesMax: 6, run });
  expect(isMinimal).toBe(false);
  expect(tries).toBe(6);
});

test('time behind a failure is left away', async () => {
  const run = (tried: Plan) => toy(tried, [20]);
  const shrunk = await shrink(await run(plan), { rule: 'T1', triesMax: 500, run });
  expect(shrunk.plan.stormMs).toBe(800);
});
