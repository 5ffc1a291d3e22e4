import { ByteReader, ByteWriter, concatBytes, crc32c } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { DiskFile, RaftLog, RaftLogs } from '@caisson/contracts';
import { DiskLogs, type SimulatedDisk } from '@caisson/simulator';
import { explore } from '../crashpoints/explorer.js';
import { findingsOf } from '../crashpoints/findings.js';
import { type TargetName, type TargetOptions, TARGETS } from '../crashpoints/targets.js';
import type { Plant } from './plants.js';

type Around = (disk: SimulatedDisk) => SimulatedDisk;

/** Enough to meet each of these bugs more than once. */
const HUNT = {
  profiles: ['weak', 'journalled'],
  bound: 16,
  depth: 1,
  recoveriesMax: 400,
  failuresMax: 1,
  seed: 1,
} as const;

/** A bug that a crash between two operations of a protocol brings to light. */
function crashPlant(target: TargetName, about: string, around: Around): Plant {
  return huntedPlant(target, about, { around });
}

/** The same for what is wrong with a log, or shows where an operation fails. */
function huntedPlant(
  target: TargetName,
  about: string,
  { withErrors = false, ...wrong }: TargetOptions & { readonly withErrors?: boolean },
): Plant {
  const { around } = wrong;
  return {
    about,
    breaks: ['R6', 'E13'],
    make: () => (around === undefined ? {} : { disk: around }),
    hunt: async () => {
      const made = TARGETS[target](wrong);
      return findingsOf(await explore<unknown>(made as never, { ...HUNT, withErrors }));
    },
  };
}

/** Syncs below a path that fail are taken for done. */
function undaunted(part: string): Around {
  return (disk) => {
    const around = (path: string, file: DiskFile): DiskFile =>
      path.includes(part) ? override(file, { sync: () => file.sync().catch(() => undefined) }) : file;
    return override<SimulatedDisk>(disk, {
      create: async (path) => around(path, await disk.create(path)),
      open: async (path) => around(path, await disk.open(path)),
    });
  };
}

/** A log that does not know how far it was promised: where a record is wrong, it takes it for the end. */
function trusting(disk: SimulatedDisk): SimulatedDisk {
  const read: SimulatedDisk['read'] = async (path, maxBytes) => {
    const bytes = await disk.read(path, maxBytes);
    if (bytes === undefined || !path.endsWith('/log/head')) return bytes;
    return concatBytes(...[0, 512].map((at) => promisingNothing(bytes.subarray(at, at + 512))));
  };
  return override<SimulatedDisk>(disk, { read });
}

function promisingNothing(slot: Uint8Array): Uint8Array {
  const room = new Uint8Array(512);
  if (slot.length < 28) return room;
  const reader = new ByteReader(slot);
  const [version, file] = [reader.index('version'), reader.index('file')];
  const writer = new ByteWriter(28).index(version).index(file).index(0);
  room.set(writer.u32(crc32c(writer.done())).done());
  return room;
}

/** A log that takes a suffix back and only then appends what replaces it. */
function inTwoSteps(disk: SimulatedDisk): RaftLogs {
  const logs = new DiskLogs(disk);
  const open: RaftLogs['open'] = async (...args) => {
    const log = await logs.open(...args);
    const append: RaftLog['append'] = async ({ entries, hardState }) => {
      const [first, ...rest] = entries;
      if (first === undefined || first.index > log.last || rest.length === 0) {
        return log.append({ entries, ...(hardState && { hardState }) });
      }
      await log.append({ entries: [first] });
      await log.append({ entries: rest, ...(hardState && { hardState }) });
    };
    return override(log, { append });
  };
  return override<RaftLogs>(logs, { open });
}

/** Files below a path whose syncs do nothing. */
function unsynced(part: string): Around {
  return (disk) => {
    const around = (path: string, file: DiskFile): DiskFile =>
      path.includes(part) ? override(file, { sync: async () => undefined }) : file;
    return override<SimulatedDisk>(disk, {
      create: async (path) => around(path, await disk.create(path)),
      open: async (path) => around(path, await disk.open(path)),
    });
  };
}

/** Directories below a path whose syncs do nothing. */
function unsyncedDirectory(part: string): Around {
  return (disk) => {
    const syncDirectory = async (path: string): Promise<void> =>
      path.includes(part) ? undefined : disk.syncDirectory(path);
    return override<SimulatedDisk>(disk, { syncDirectory });
  };
}

/** What should have been renamed is written over what is there. */
function overwritten(name: string): Around {
  return (disk) => {
    const rename = async (from: string, to: string): Promise<void> => {
      if (!to.endsWith(name) || (await disk.status(to)) === undefined) return disk.rename(from, to);
      const bytes = (await disk.read(from, Infinity))!;
      const file = await disk.open(to);
      await file.write(bytes, 0);
      await file.sync();
      await disk.remove(from);
    };
    return override<SimulatedDisk>(disk, { rename });
  };
}

/** A rename that is said to be done, and is done with the next one. */
function late(name: string): Around {
  return (disk) => {
    let owed: readonly [string, string] | undefined;
    const rename = async (from: string, to: string): Promise<void> => {
      if (!to.endsWith(name) || (await disk.status(to)) === undefined) return disk.rename(from, to);
      if (owed !== undefined) await disk.rename(...owed);
      owed = [`${from}.late`, to];
      await disk.rename(from, owed[0]);
    };
    return override<SimulatedDisk>(disk, { rename });
  };
}

export const CRASH_PLANTS: Readonly<Record<string, Plant>> = {
  'acks-before-its-log-is-synced': crashPlant(
    'log',
    'an entry counts as stored before its log is synced',
    unsynced('/log/'),
  ),
  'goes-on-after-a-failed-sync': huntedPlant('truncation', 'a sync of the log that failed counts as done', {
    around: undaunted('/log/'),
    withErrors: true,
  }),
  'cuts-its-log-at-the-first-bad-record': huntedPlant(
    'truncation',
    'a log takes the first record that is wrong for its end, whatever it had promised',
    { around: trusting },
  ),
  'takes-entries-back-first': huntedPlant(
    'truncation',
    'a log takes a suffix back and only then appends what replaces it',
    { logs: inTwoSteps },
  ),
  'trusts-a-store-that-is-not-synced': crashPlant(
    'rewrite',
    'a store says that batches are synced, and they are not',
    unsynced('/store/'),
  ),
  'renames-without-its-directory': crashPlant(
    'sidecar',
    'the sidecar is replaced, and its directory is not synced',
    unsyncedDirectory('/encryption'),
  ),
  'renames-before-its-content': crashPlant(
    'sidecar',
    'the sidecar is renamed before its content is synced',
    unsynced('/encryption/'),
  ),
  'writes-over-its-sidecar': crashPlant(
    'sidecar',
    'the sidecar is written in place',
    overwritten('keys.json'),
  ),
  'takes-its-epoch-late': crashPlant(
    'sidecar',
    'an epoch is taken before the sidecar that says so is in its place',
    late('keys.json'),
  ),
  'decides-before-its-state': crashPlant(
    'snapshot',
    'the intent to install a state is durable before the state is',
    unsynced('/store'),
  ),
  'forgets-its-intent': crashPlant(
    'snapshot',
    'the directory with the intent to install a state is not synced',
    unsyncedDirectory('/snapshots'),
  ),
  'names-pieces-before-their-content': crashPlant(
    'backup',
    'the manifest of a backup is durable before its pieces are',
    unsynced('/backup/groups'),
  ),
  'forgets-the-folder-of-a-backup': crashPlant(
    'backup',
    'a backup is done before its folder is synced',
    unsyncedDirectory('/backup'),
  ),
};
