import { explore } from '../src/crashpoints/explorer.js';
import { findingsOf } from '../src/crashpoints/findings.js';
import { type TargetName, TARGETS } from '../src/crashpoints/targets.js';
import { CRASH_PLANTS } from '../src/plants/crashes.js';

const NAMES = Object.keys(TARGETS) as TargetName[];
const BOUNDED = { profiles: ['journalled', 'weak'], bound: 32, seed: 1 } as const;

test.each(NAMES)(
  'power is lost behind every operation of the %s, and all that was promised is there',
  async (name) => {
    const numbers = await explore<unknown>(TARGETS[name]({}) as never, {
      ...BOUNDED,
      depth: 1,
      recoveriesMax: 100,
    });
    expect(findingsOf(numbers)).toEqual([]);
    expect(numbers.refused).toEqual({});
    expect(numbers.prefixes).toBeGreaterThan(50);
    expect(numbers.recovered).toBeGreaterThan(30);
  },
  300_000,
);

test('power is lost again while a node recovers its sidecar', async () => {
  const numbers = await explore(TARGETS.sidecar({}), { ...BOUNDED, depth: 2, recoveriesMax: 200 });
  expect(findingsOf(numbers)).toEqual([]);
  expect(numbers.nestedRecovered).toBeGreaterThan(50);
}, 300_000);

test.each(Object.entries(CRASH_PLANTS))(
  'a crash brings to light: %s',
  async (_name, { breaks, hunt, make }) => {
    const findings = await hunt!(make());
    expect(breaks).toContain(findings[0]?.rule);
  },
  300_000,
);
