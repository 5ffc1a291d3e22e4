import { availableDeeds } from '../src/chaos/actions.js';
import { probeCapabilities } from '../src/chaos/capabilities.js';
import { runChaos } from '../src/chaos/chaos.js';
import { Journal } from '../src/chaos/journal.js';
import { planChaos } from '../src/chaos/schedule.js';

/** Those that take long, and those that have end-to-end tests of their own, are left to longer runs. */
const LEFT_OUT = new Set([
  'M1',
  'O7',
  'P4',
  'D6',
  'O3',
  'O4',
  'N11',
  'C3',
  'C4',
  'P6',
  'P7',
  'P8',
  'P11',
  'K7',
  'D15',
  'D16',
  'O8',
  'O9',
]);

test('real processes under faults keep what they promise to their clients', async () => {
  const capabilities = await probeCapabilities();
  const { kinds, left } = availableDeeds(capabilities);
  for (const { kind, why } of left) process.stdout.write(`  left out: ${kind}: ${why}\n`);
  const short = kinds.filter((kind) => !LEFT_OUT.has(kind));
  const plan = planChaos({ seed: 3, nodes: 3, durationMs: 20_000, kinds: short });
  const result = await runChaos({
    plan,
    capabilities,
    journal: new Journal(undefined, plan),
    signal: new AbortController().signal,
    onAction: ({ action, target }) => void process.stdout.write(`  ${action.kind} ${target}\n`),
  });
  expect(result.findings).toEqual([]);
  expect(Object.keys(result.actions).length).toBeGreaterThan(0);
  expect(result.bytesSearched).toBeGreaterThan(0);
}, 600_000);
