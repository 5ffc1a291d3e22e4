import { emptyDisk, LoneNode } from '../src/crashpoints/lone-node.js';
import type { Fault } from '../src/faults/fault.js';
import { type Plan, planOf, type Step } from '../src/faults/plan.js';
import { describeFinding } from '../src/oracles/rules.js';
import { afterFailedSync } from '../src/plants/disks.js';
import { PLANTS } from '../src/plants/plants.js';
import { runPlan } from '../src/storm/storm.js';
import type { Verdict } from '../src/storm/verdict.js';

type Trouble = Extract<Fault, { kind: 'diskTrouble' }>['trouble'];

/** Encrypted, with a fault every so often. */
function planned(faults: readonly Fault[], everyMs = 150): Plan {
  const steps = faults.map((fault, at): Step => ({ atMs: 100 + at * everyMs, fault }));
  return planOf({ seed: 4, stormMs: 200 + faults.length * everyMs }, steps);
}

const ill = (node: string, trouble: Trouble): Fault => ({ kind: 'diskTrouble', node, trouble });
const well = (node: string): Fault => ({ kind: 'diskWell', node });
const start = (node: string): Fault => ({ kind: 'start', node });
const found = ({ findings }: Verdict) => findings.map(describeFinding);

const LIFTABLE: readonly Trouble[] = [
  { kind: 'slow', ms: 20 },
  { kind: 'slow', ms: 600 },
  { kind: 'failing', operation: 'read', times: 2 },
  { kind: 'failing', operation: 'write', times: 1, part: 'log' },
  { kind: 'failing', operation: 'sync', times: 1, part: 'store' },
  { kind: 'failing', operation: 'sync', times: 1, part: 'log' },
  { kind: 'full', bytes: 500 },
  { kind: 'readOnly' },
  { kind: 'short', times: 1 },
  { kind: 'rot', permille: 500 },
  { kind: 'sector', permille: 300, part: 'store' },
  { kind: 'cut', bytes: 300, part: 'log' },
  { kind: 'zeros', bytes: 700 },
];

test('whatever is wrong with one disk for a while, nothing that was promised is lost', async () => {
  const faults = LIFTABLE.flatMap((trouble, at): Fault[] => {
    const node = `n${1 + (at % 3)}`;
    const ends: Fault = at % 2 === 0 ? { kind: 'kill', node } : { kind: 'bareCrash', node };
    return [ill(node, trouble), ends, start(node), well(node), start(node)];
  });
  const verdict = await runPlan(planned(faults, 60));
  expect(found(verdict)).toEqual([]);
  const ids = Object.keys(verdict.effectiveById);
  for (const id of ['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D10', 'D11', 'D12', 'D15', 'D17', 'P1']) {
    expect(ids).toContain(id);
  }
}, 300_000);

test('a disk that was written to at the wrong place takes its node out, and the others go on', async () => {
  const misdirected: Trouble = { kind: 'misdirected', times: 1, part: 'store' };
  const faults = [ill('n2', misdirected), { kind: 'kill', node: 'n2' } as const, start('n2')];
  const verdict = await runPlan(planned(faults, 300));
  expect(found(verdict)).toEqual([]);
  expect(verdict.story.map(({ text }) => text).join('\n')).toMatch(/start at n2: CORRUPTION/);
}, 300_000);

test.each(['sidecar', 'store'] as const)(
  'a node whose %s is put back serves right, or not at all',
  async (part) => {
    const faults: Fault[] = [
      { kind: 'keepImage', node: 'n3' },
      { kind: 'kill', node: 'n3' },
      start('n3'),
      { kind: 'putBack', node: 'n3', part },
      start('n3'),
    ];
    expect(found(await runPlan(planned(faults, 300)))).toEqual([]);
  },
  300_000,
);

test('disks that forgot promises give no wrong value and no nonce twice', async () => {
  const faults: Fault[] = [
    { kind: 'keepImage', node: 'n1' },
    { kind: 'keepImage', node: 'n2' },
    { kind: 'putBack', node: 'n1', part: 'everything' },
    { kind: 'putBack', node: 'n2', part: 'log' },
    { kind: 'emptyDisk', node: 'n3' },
    ill('n1', { kind: 'lying', times: 2 }),
    start('n1'),
    start('n2'),
    start('n3'),
  ];
  const verdict = await runPlan(planned(faults, 300));
  expect(found(verdict)).toEqual([]);
  expect(verdict.counts.beyond).toBe(1);
  expect(verdict.effectiveById).toMatchObject({ P8: 2, D14: 1, D16: 1 });
}, 300_000);

test('copies of all disks and a second cluster of a backup run beside the cluster in a storm', async () => {
  const faults: Fault[] = [
    { kind: 'clone', ms: 400 },
    { kind: 'secondCluster', ms: 400 },
    { kind: 'powerLoss' },
    start('n1'),
    start('n2'),
    { kind: 'clone', ms: 400 },
  ];
  const verdict = await runPlan(planned(faults, 400));
  expect(found(verdict)).toEqual([]);
  expect(verdict.effectiveById).toMatchObject({ P9: expect.any(Number), O8: 1 });
}, 300_000);

test('two processes over one disk: the second one is refused, and the first one goes on', async () => {
  const disk = await emptyDisk();
  const [first, second] = [1, 2].map((seed) => new LoneNode({ disk, seed }));
  await first!.start();
  await first!.put('a', 'before');
  await expect(second!.start()).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
  await first!.put('a', 'after');
  expect(await first!.read('a')).toBe('after');
  first!.life.end();
}, 300_000);

test('a node acknowledges nothing after a failed sync, and one that does is found out', async () => {
  expect(await afterFailedSync(undefined)).toEqual([]);
  const { hunt, make } = PLANTS['goes-on-after-a-failed-sync']!;
  expect(await hunt!(make())).toMatchObject([{ rule: 'R6' }]);
}, 300_000);
