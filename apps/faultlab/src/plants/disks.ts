import { override, SeededRandom } from '@caisson/compliance';
import type { DiskFile, RaftLogs, Random } from '@caisson/contracts';
import type { SimulatedDisk } from '@caisson/simulator';
import { emptyDisk, LoneNode } from '../crashpoints/lone-node.js';
import type { Finding } from '../oracles/rules.js';
import { runSeals } from '../profiles/seals.js';
import { CRASH_PLANTS } from './crashes.js';
import { misreads } from './laboratory.js';
import type { Plant, Plants } from './plants.js';

const SEALS = { seed: 1, seals: 60_000 };

function withTheSameBytes(sound: Random): Random {
  const same = new SeededRandom(7);
  return override(sound, { bytes: (length) => same.bytes(length) });
}

/** Bugs that disks bring to light: put back, cloned, or gone in part. */
/** Syncs that fail are taken for syncs that did their work. */
function goesOnAfterFailedSyncs(disk: SimulatedDisk): SimulatedDisk {
  const deaf = (file: DiskFile): DiskFile =>
    override(file, { sync: () => file.sync().catch(() => undefined) });
  return override<SimulatedDisk>(disk, {
    create: async (path) => deaf(await disk.create(path)),
    open: async (path) => deaf(await disk.open(path)),
  });
}

/**
 * A sync of the log fails, and then power does: a write that was acknowledged all the same is lost. A node
 * that is sound acknowledges nothing.
 */
export async function afterFailedSync(around: Plants['disk']): Promise<readonly Finding[]> {
  const disk = await emptyDisk();
  const node = new LoneNode({ disk, seed: 1, ...(around && { around }) });
  await node.start();
  await node.put('a', 'before');
  disk.troubles.add({ kind: 'failing', operation: 'sync', times: 1, part: 'log' });
  const isTold = await node.put('a', 'after').then(
    () => true,
    () => false,
  );
  node.life.end();
  if (!isTold) return [];
  disk.loseEverythingUnsynced();
  const again = new LoneNode({ disk, seed: 2 });
  const found = await again
    .start()
    .then(() => again.read('a'))
    .catch((error: Error) => error.message);
  again.life.end();
  if (found === 'after') return [];
  return [{ rule: 'R6', atMs: 0, text: `acknowledged after a failed sync, and then: ${found}` }];
}

/** A sync that fails is asked for once more, as if the next one could make up for it. */
function asksAgain(disk: SimulatedDisk): SimulatedDisk {
  const deaf = (file: DiskFile): DiskFile =>
    override(file, { sync: () => file.sync().catch(() => file.sync()) });
  return override<SimulatedDisk>(disk, {
    create: async (path) => deaf(await disk.create(path)),
    open: async (path) => deaf(await disk.open(path)),
  });
}

/** Where a sync of a log fails once. */
async function inAFailedSync(plant: string): Promise<readonly Finding[]> {
  const [{ readScenario }, { runPlan }] = await Promise.all([
    import('../scenarios/scenarios.js'),
    import('../storm/storm.js'),
  ]);
  const { traceHash: _, ...plan } = await readScenario('failed-sync-of-a-log');
  const { findings } = await runPlan(plan, { plant, until: ['R12'] });
  return findings.filter(({ rule }) => rule === 'R12');
}

/** A log that is opened drops what it need not keep, or does not, by chance. */
function tidiesByChance(): Plants['logs'] {
  let opened = 0;
  return (logs) => {
    const open: RaftLogs['open'] = async (...args) => {
      const log = await logs.open(...args);
      const { commit } = log.hardState;
      const isTidied = ++opened % 2 === 0 && commit > log.start.index + 1 && commit <= log.last;
      if (isTidied) await log.compact(log.start.index + 1);
      return log;
    };
    return override(logs, { open });
  };
}

export const DISK_PLANTS: Readonly<Record<string, Plant>> = {
  ...CRASH_PLANTS,
  'goes-on-after-a-failed-sync': {
    about: 'a sync that fails is taken for one that did its work, and the next one succeeds',
    breaks: ['R6'],
    make: () => ({ disk: goesOnAfterFailedSyncs }),
    hunt: ({ disk }) => afterFailedSync(disk),
  },
  'asks-for-a-second-sync': {
    about: 'a sync that fails is repeated, and believed when it succeeds',
    breaks: ['R12'],
    make: () => ({ disk: asksAgain }),
    hunt: () => inAFailedSync('asks-for-a-second-sync'),
  },
  'tidies-by-chance': {
    about: 'what a log keeps at a start is not decided by its disk',
    breaks: ['R9'],
    make: () => ({ logs: tidiesByChance() }),
  },
  'takes-damage-for-a-value': {
    about: 'a read that meets a damaged value answers with it',
    breaks: ['E8', 'T1', 'T11'],
    make: () => ({ around: misreads() }),
  },
  'draws-the-same-salts': {
    about: 'every process begins with the same randomness, as after a copy of its memory',
    breaks: ['E1', 'E2'],
    make: () => ({ random: withTheSameBytes }),
    hunt: async (plants) => (await runSeals({ ...SEALS, plants })).findings,
  },
};
