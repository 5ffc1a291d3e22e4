import { planOf } from '../faults/plan.js';
import type { Run } from '../campaigns/campaign.js';
import { compareMutants, compareReports, hasLostReach } from './comparison.js';
import { toReport } from './report.js';
import { ledgerLine } from './run-ledger.js';
import { StoredMutants } from './mutants.js';
import { StoredReport } from './stored.js';

const COUNTS = { simulatedMs: 9000, events: 10, acknowledged: 3, checked: 5, entries: 4, terms: 1 };
const MORE = { installs: 0, seals: 7, bytesScanned: 100, nodes: 3, beyond: 0 };
const about = { command: 'sim', node: 'v20', isWhole: false };

function run(seed: number, more: Partial<Run> = {}): Run {
  return {
    seed,
    traceHash: `trace of ${seed}`,
    plan: planOf({ seed, stormMs: 5000, profile: 'swarm' }),
    findings: [],
    story: [],
    lanes: {},
    begunAtMs: 1000,
    effective: { crash: 1 },
    effectiveById: { P1: 1 },
    looks: { R1: { evaluated: 2, couldFail: 1 } },
    counts: { ...COUNTS, ...MORE },
    wallMs: 500,
    ...more,
  };
}

const stored = (...runs: readonly Run[]) =>
  StoredReport.parse(JSON.parse(JSON.stringify(toReport(runs, about))));

test('two campaigns are compared in speed, in what was covered, and seed by seed', () => {
  const before = stored(run(1), run(2));
  const looks = { R4: { evaluated: 1, couldFail: 1 } };
  const rows = compareReports(
    stored(run(2, { wallMs: 1000, effectiveById: { N1: 1 }, looks }), run(3), run(1, { traceHash: 'other' })),
    before,
  );
  expect(rows).toContainEqual(['schedules', '2', '3', '+50 %']);
  expect(rows).toContainEqual(['simulated : real, one core', '18', '13.5', '-25 %']);
  expect(rows).toContainEqual(['kinds of fault with an effect', '1', '2', '+N1']);
  expect(rows).toContainEqual(['rules that something could have broken', '1', '2', '+R4']);
  expect(rows).toContainEqual(['seeds in both, and those with one trace', '2', '1', '']);
});

const mutants = (...results: readonly (readonly [plant: string, seeds: number, isCaught: boolean])[]) =>
  StoredMutants.parse({
    schema: 'caisson.faultlab.mutants/v1',
    results: results.map(([plant, seeds, isCaught]) => {
      return { plant, about: '', seeds, ...(isCaught && { caught: { seed: seeds, rule: 'T1' } }) };
    }),
  });

test('a planted bug that is lost, or three times as dear, is out of reach', () => {
  const before = mutants(['a', 2, true], ['b', 2, true], ['c', 20, false]);
  const now = mutants(['a', 7, true], ['b', 20, false], ['c', 20, false], ['d', 1, true]);
  expect(compareMutants(now, before)).toEqual([
    ['a', 'T1 after 2 storms', 'T1 after 7 storms', 'OUT OF REACH'],
    ['b', 'T1 after 2 storms', 'survived 20 storms', 'OUT OF REACH'],
    ['c', 'survived 20 storms', 'survived 20 storms', ''],
    ['d', 'not there', 'T1 after 1 storm', ''],
  ]);
  expect([hasLostReach(now, before), hasLostReach(before, before)]).toEqual([true, false]);
});

test('a line of the ledger says what ran, how fast, and how to repeat what failed', () => {
  const failed = run(7, { findings: [{ rule: 'T1', atMs: 1, text: 'broken' }] });
  const line = ledgerLine([run(5), failed], { at: '2026-01-01', commit: 'abc', node: 'v20' });
  expect(line).toMatchObject({ firstSeed: 5, lastSeed: 7, schedules: 2, speed: 18, effectiveFaults: 2 });
  const replay = 'npm run -s faultlab -- replay --seed 7 --seconds 5';
  expect(line.failures).toEqual([{ seed: 7, rule: 'T1', replay }]);
});
