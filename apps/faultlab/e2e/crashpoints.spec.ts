import { override } from '@caisson/compliance';
import { Disk, RaftLogs, service } from '@caisson/contracts';
import { DiskLogs, type RecordDisk } from '@caisson/simulator';
import { NO_FILES } from '../src/composition/own-files.js';
import type { OwnPlugins } from '../src/composition/own-plugins.js';
import { explore } from '../src/crashpoints/explorer.js';
import { findingsOf } from '../src/crashpoints/findings.js';
import { ownLogs } from '../src/crashpoints/own-logs.js';
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

test('each operation of a log fails once, and what it leaves to a crash is what was promised', async () => {
  const options = { ...BOUNDED, depth: 2, recoveriesMax: 1000, withErrors: true } as const;
  const numbers = await explore(TARGETS.truncation({}), { ...options, profiles: ['journalled'], bound: 4 });
  expect(findingsOf(numbers)).toEqual([]);
  expect(numbers.refused).toEqual({});
  expect(numbers.errorRuns).toBeGreaterThan(50);
  expect(numbers.nestedRecovered).toBeGreaterThan(50);
}, 300_000);

test("somebody's own log is held to the same, and one that does not sync is found out", async () => {
  const ownLog = (around: (disk: RecordDisk) => RecordDisk): OwnPlugins => ({
    services: () => [
      service({
        provides: RaftLogs,
        needs: { disk: Disk },
        create: (own) => new DiskLogs(around(own.disk as RecordDisk)),
      }),
    ],
    files: NO_FILES,
    provides: (token) => token === RaftLogs.name,
  });
  const options = {
    ...BOUNDED,
    depth: 1,
    recoveriesMax: 60,
    failuresMax: 1,
    profiles: ['weak'],
    bound: 4,
  } as const;
  const run = (around: (disk: RecordDisk) => RecordDisk) =>
    explore(TARGETS.truncation({ logs: ownLogs(ownLog(around))! }), options);
  expect((await run((disk) => disk)).failures).toEqual([]);
  const careless = (disk: RecordDisk) =>
    override<RecordDisk>(disk, {
      open: async (path) => override(await disk.open(path), { sync: async () => undefined }),
    });
  expect((await run(careless)).failures).toHaveLength(1);
}, 300_000);

test.each(Object.entries(CRASH_PLANTS))(
  'a crash brings to light: %s',
  async (_name, { breaks, hunt, make }) => {
    const findings = await hunt!(make());
    expect(breaks).toContain(findings[0]?.rule);
  },
  300_000,
);
