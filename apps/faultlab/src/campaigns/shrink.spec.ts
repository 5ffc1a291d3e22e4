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

const steps = Array.from(
  { length: 40 },
  (_, at): Step => ({ atMs: at * 20, fault: { kind: 'crash', node: 'n1' } }),
);
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

test('a plan says that it may not be minimal when the tries ran out, or the time', async () => {
  const run = (tried: Plan) => toy(tried, [20, 400]);
  const { isMinimal, tries } = await shrink(await run(plan), { rule: 'T1', triesMax: 6, run });
  expect([isMinimal, tries]).toEqual([false, 6]);
  let storms = 0;
  const isLate = () => ++storms > 3;
  const late = await shrink(await run(plan), { rule: 'T1', triesMax: 500, run, isLate });
  expect([late.isMinimal, late.tries]).toEqual([false, 3]);
});

test('time behind a failure is left away', async () => {
  const run = (tried: Plan) => toy(tried, [20]);
  const shrunk = await shrink(await run(plan), { rule: 'T1', triesMax: 500, run });
  expect(shrunk.plan.stormMs).toBe(120);
});

test('no storm is run twice', async () => {
  const tried: string[] = [];
  const run = (plan: Plan) => {
    tried.push(JSON.stringify(plan));
    return toy(plan, [20, 400, 780]);
  };
  await shrink(await toy(plan, []), { rule: 'T1', triesMax: 500, run });
  expect(new Set(tried).size).toBe(tried.length);
});

test('what is odd about the nodes is left away, unless the failure needs it', async () => {
  const shape = { voters: 5, clients: 8, retentionMs: 8000 };
  const run = async (tried: Plan) => {
    const verdict = await toy(tried, []);
    return tried.shape?.voters === 5 ? verdict : { ...verdict, findings: [] };
  };
  const shrunk = await shrink(await run({ ...plan, shape, hasShortLogs: true }), {
    rule: 'T1',
    triesMax: 500,
    run,
  });
  expect(shrunk.plan).toMatchObject({ shape: { voters: 5, clients: 1 }, hasShortLogs: false });
  expect(shrunk.plan.shape).not.toHaveProperty('retentionMs');
});

test('a moment becomes a time where that does as well', async () => {
  const when = { event: 'applies', nth: 2 } as const;
  const armed: Step = { atMs: 20, when, fault: { kind: 'crash', node: 'n2' } };
  const run = async (tried: Plan) => {
    const isThere = tried.steps.some(({ fault }) => fault.kind === 'crash');
    const story = [{ atMs: 450, text: 'n2 crashes', kind: 'crash' as const }];
    return { ...(await toy(tried, isThere ? [] : [1])), story };
  };
  const { plan: left } = await shrink(await run({ ...plan, steps: [armed] }), {
    rule: 'T1',
    triesMax: 500,
    run,
  });
  expect(left.steps).toEqual([{ atMs: 350, fault: armed.fault }]);
});

test('a failure that needs many faults among these clients may need fewer among others', async () => {
  const run = (tried: Plan) => toy(tried, tried.seed === 1 ? [0, 20, 40, 60, 80] : [40]);
  const { plan: left } = await shrink(await run(plan), { rule: 'T1', triesMax: 500, run });
  expect(left.seed).toBe(2);
  expect(left.steps.map(({ atMs }) => atMs)).toEqual([40]);
});
