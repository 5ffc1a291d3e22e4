import { describeFault, Fault, idOf, performFault } from './fault.js';
import type { Scene } from './family.js';
import { collidingName, LIKE_THE_FOUNDER } from './fate.js';
import { Moments } from './moment.js';
import { planOf } from './plan.js';

const SAMPLES: readonly Fault[] = [
  { kind: 'pause', node: 'leader' },
  { kind: 'cut', links: [['n1', 'n2']] },
  { kind: 'mute', links: [['n1', 'n2']] },
  { kind: 'wipe', node: 'n3' },
  { kind: 'clockStep', node: 'n1', ms: -5 },
  { kind: 'keyTrouble', trouble: 'late' },
  { kind: 'order', order: 'rotate-raft' },
  { kind: 'clients', habit: 'hedging', isOn: true },
  { kind: 'flip', links: [['n1', 'n2']] },
  { kind: 'snapshotCut', links: [['n1', 'n2']], permille: 500 },
  { kind: 'swizzle', away: ['n1', 'n2'], back: ['n2', 'n1'], everyMs: 50 },
  { kind: 'clockApart', node: 'n1', ppm: 100 },
  { kind: 'remove', node: 'leader' },
  { kind: 'keyFile', node: 'n1', holds: 'other' },
  { kind: 'foreignSidecar', node: 'n1', of: 'elsewhere' },
  { kind: 'resync', node: 'n1', sidecar: 'lost' },
  { kind: 'roll', envelopeVersion: 1, everyMs: 100 },
  { kind: 'twin', node: 'n1', ms: 5 },
  { kind: 'doubleStart', node: 'n2' },
  { kind: 'amid', order: 'rotate-raft', change: { kind: 'promote', node: 'n4' }, nth: 1 },
];

test('a fault survives the way through a file, and stands in the catalogue', () => {
  for (const fault of SAMPLES) expect(Fault.parse(JSON.parse(JSON.stringify(fault)))).toEqual(fault);
  expect(SAMPLES.map(idOf).join(' ')).toBe(
    'P2 N8 N12 M4 C4 K3 O2 L2 N6 N14 N10 C7 M7 K7 K10 O6 O11 P10 P10 M8',
  );
  expect(new Set(SAMPLES.map(describeFault)).size).toBe(SAMPLES.length);
});

test('a kind of fault that nobody knows is a bug, and no fault (LAB-2)', () => {
  const fault = { kind: 'earthquake' } as unknown as Fault;
  expect(() => performFault(fault, {} as Scene)).toThrow('LAB-2');
});

test('what waits for a moment happens at that one, once, on the node that is meant', () => {
  const moments = new Moments((node) => node === 'n2');
  const heard: string[] = [];
  moments.arm({ event: 'applies', node: 'leader', of: 'keys', nth: 2 }, () => heard.push('rotation'));
  moments.arm({ event: 'appends', nth: 1 }, () => heard.push('append'));
  const happened = [
    ['applies', 'n1', 'keys'],
    ['applies', 'n2', 'write'],
    ['applies', 'n2', 'keys'],
    ['appends', 'n3', undefined],
    ['applies', 'n2', 'keys'],
    ['applies', 'n2', 'keys'],
  ] as const;
  for (const [event, node, of] of happened) moments.happens(event, node, of);
  expect(heard).toEqual(['append', 'rotation']);
});

test('a swarm has calm storms and brutal ones, and no two alike', () => {
  const plans = Array.from({ length: 60 }, (_, seed) => planOf({ seed, stormMs: 1000, profile: 'swarm' }));
  const sizes = plans.map(({ mood }) => mood!.families.length);
  expect(sizes.filter((size) => size === 0).length).toBeGreaterThan(1);
  expect(sizes.filter((size) => size >= 12).length).toBeGreaterThan(1);
  expect(new Set(plans.map((plan) => JSON.stringify({ ...plan, seed: 0 }))).size).toBeGreaterThan(50);
});

test('a name is found whose short id is that of another node', () => {
  expect(collidingName('n1')).toBe(LIKE_THE_FOUNDER);
});
