import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { concatBytes, equalBytes } from '@caisson/base';
import { type Clock, type Disk, type Hashes, type Random, Secret } from '@caisson/contracts';
import { ManualClock } from '../doubles/manual-clock.js';
import { MemoryDisk } from '../doubles/memory-disk.js';
import { SeededRandom } from '../doubles/seeded-random.js';
import type { ClockHarness } from '../platform/clock-kit.js';
import { ANY_BYTES, type DiskHarness } from '../platform/disk-harness.js';
import type { HashesHarness } from '../platform/hashes-kit.js';
import type { RandomHarness } from '../platform/random-kit.js';
import { type Mutant, override } from './mutant.js';

export function manualClockHarness(): ClockHarness {
  const clock = new ManualClock();
  return { clock, waiting: () => clock.waiting, advance: (ms) => clock.advance(ms) };
}

function timed(name: string, breaks: string, plant: (clock: Clock) => Partial<Clock>): Mutant<ClockHarness> {
  const harness = (): ClockHarness => {
    const sound = manualClockHarness();
    return { ...sound, clock: override(sound.clock, plant(sound.clock)) };
  };
  return { name, breaks: [`clock/${breaks}`], harness };
}

export const clockMutants: readonly Mutant<ClockHarness>[] = [
  timed('TellsSeconds', 'tells-milliseconds', (clock) => ({ nowMs: () => clock.nowMs() / 1000 })),
  timed('GoesBack', 'never-goes-back', () => {
    let now = 1e6;
    return { monotonicMs: () => now-- };
  }),
  timed('NeverSleeps', 'sleeps-until-its-time', () => ({ sleep: async () => undefined })),
  timed('WakesWithoutAReason', 'wakes-for-its-signal', (clock) => ({
    sleep: (ms, signal) => clock.sleep(ms, signal).catch(() => undefined),
  })),
  timed('ForgetsItsTimers', 'leaves-no-timer-behind', (clock) => ({
    after: (ms, task) => {
      let isCancelled = false;
      clock.after(ms, () => void (isCancelled || task()));
      return () => void (isCancelled = true);
    },
  })),
  timed('RingsTwice', 'rings-once-and-in-order', (clock) => ({
    after: (ms, task) => {
      clock.after(ms + 1, task);
      return clock.after(ms, task);
    },
  })),
  timed('IgnoresCancellation', 'does-not-ring-when-cancelled', (clock) => ({
    after: (ms, task) => {
      clock.after(ms, task);
      return () => undefined;
    },
  })),
  timed('TurnsAtOnce', 'turns-after-queued-work', () => ({ turn: async () => undefined })),
];

export function seededRandomHarness(): RandomHarness {
  return { random: new SeededRandom(42) };
}

function drawn(
  name: string,
  breaks: string,
  plant: (random: Random) => Partial<Random>,
): Mutant<RandomHarness> {
  const harness = (): RandomHarness => {
    const { random } = seededRandomHarness();
    return { random: override(random, plant(random)) };
  };
  return { name, breaks: [`random/${breaks}`], harness };
}

export const randomMutants: readonly Mutant<RandomHarness>[] = [
  drawn('StopsAtItsQuota', 'gives-as-many-bytes-as-asked', (random) => ({
    bytes: (length) => random.bytes(Math.min(length, 65_536)),
  })),
  drawn('RepeatsItself', 'never-repeats-itself', () => ({
    bytes: (length) => new SeededRandom(1).bytes(length),
  })),
  drawn('FillsItsQuotaOnly', 'fills-every-byte', (random) => ({
    bytes: (length) =>
      concatBytes(random.bytes(Math.min(length, 65_536)), new Uint8Array(Math.max(length - 65_536, 0))),
  })),
  drawn('DrawsTheBound', 'draws-integers-below-the-bound', (random) => ({
    integer: (below) => random.integer(Math.min(below + 1, 2 ** 32)),
  })),
  drawn('LeansToTheLeft', 'draws-integers-evenly', (random) => ({
    integer: (below) => random.integer(2 ** 32) % below,
  })),
  drawn('SharesItsPool', 'gives-each-caller-its-own-bytes', (random) => {
    const pool = new Uint8Array(1 << 17);
    return {
      bytes: (length) => {
        pool.set(random.bytes(length));
        return pool.subarray(0, length);
      },
    };
  }),
];

const nodeHashes: Hashes = {
  sha256: (...parts) =>
    createHash('sha256')
      .update(concatBytes(...parts))
      .digest(),
  runningSha256: () => {
    const hash = createHash('sha256');
    return { update: (part) => void hash.update(part), done: () => hash.digest() };
  },
  hmacSha256: (key, ...parts) =>
    createHmac('sha256', key.reveal())
      .update(concatBytes(...parts))
      .digest(),
  hkdfSha256: (key, salt, info, length) =>
    new Secret(new Uint8Array(hkdfSync('sha256', key.reveal(), salt, info, length))),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
};

export function nodeHashesHarness(): HashesHarness {
  return { hashes: nodeHashes };
}

function hashed(name: string, breaks: string, plant: Partial<Hashes>): Mutant<HashesHarness> {
  return { name, breaks: [`hashes/${breaks}`], harness: () => ({ hashes: override(nodeHashes, plant) }) };
}

export const hashesMutants: readonly Mutant<HashesHarness>[] = [
  hashed('HashesTwice', 'sha256-gives-the-published-answers', {
    sha256: (...parts) => nodeHashes.sha256(nodeHashes.sha256(...parts)),
  }),
  hashed('HashesTheFirstPart', 'hashes-parts-as-one', {
    sha256: (part = new Uint8Array(0)) => nodeHashes.sha256(part),
  }),
  hashed('KeepsPiecesOfAStream', 'hashes-a-stream-as-one', {
    runningSha256: () => {
      const parts: Uint8Array[] = [];
      return { update: (part) => void parts.push(part), done: () => nodeHashes.sha256(...parts) };
    },
  }),
  hashed('HashesTheWholeBuffer', 'hashes-what-a-view-shows', {
    sha256: (...parts) => nodeHashes.sha256(...parts.map(({ buffer }) => new Uint8Array(buffer))),
  }),
  hashed('CutsLongKeys', 'hmac-gives-the-published-answers', {
    hmacSha256: (key, ...parts) => nodeHashes.hmacSha256(new Secret(key.reveal().subarray(0, 64)), ...parts),
  }),
  hashed('IgnoresTheSalt', 'hkdf-gives-the-published-answers', {
    hkdfSha256: (key, _salt, info, length) => nodeHashes.hkdfSha256(key, new Uint8Array(0), info, length),
  }),
  hashed('ReusesBuffers', 'gives-out-fresh-memory', reusing(new Uint8Array(32))),
  hashed('ComparesAPart', 'compares-all-of-two-texts', {
    equal: (a, b) => a.length === b.length && equalBytes(a.subarray(0, 16), b.subarray(0, 16)),
  }),
];

function reusing(buffer: Uint8Array): Partial<Hashes> {
  return {
    sha256: (...parts) => {
      buffer.set(nodeHashes.sha256(...parts));
      return buffer;
    },
  };
}

export async function memoryDiskHarness(): Promise<DiskHarness & { readonly disk: MemoryDisk }> {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/root');
  return { disk, root: '/root', makeFifo: (path) => disk.makeFifo(path) };
}

function stored(
  name: string,
  breaks: string,
  plant: (disk: MemoryDisk) => Partial<Disk>,
): Mutant<DiskHarness> {
  const harness = async (): Promise<DiskHarness> => {
    const sound = await memoryDiskHarness();
    return { ...sound, disk: override<Disk>(sound.disk, plant(sound.disk)) };
  };
  return { name, breaks: [`disk/${breaks}`], harness };
}

export const diskMutants: readonly Mutant<DiskHarness>[] = [
  stored('ReadsMissingAsEmpty', 'reads-what-was-written', (disk) => ({
    read: async (...args) => (await disk.read(...args)) ?? new Uint8Array(0),
  })),
  stored('WritesAtTheStart', 'writes-where-it-is-told', (disk) => ({
    create: async (path) => {
      const file = await disk.create(path);
      return override(file, { write: (bytes) => file.write(bytes, 0) });
    },
  })),
  stored('OverwritesOnCreate', 'creates-no-file-twice', (disk) => ({
    create: (path) => disk.remove(path).then(() => disk.create(path)),
  })),
  stored('ShowsFilesToEveryone', 'creates-files-for-their-owner', (disk) => ({
    status: async (path) => {
      const status = await disk.status(path);
      return status?.kind === 'file' ? { ...status, mode: 0o644 } : status;
    },
  })),
  stored('IgnoresLimits', 'reads-no-more-than-allowed', (disk) => ({
    read: (path) => disk.read(path, ANY_BYTES),
  })),
  stored('ReadsAnythingAsEmpty', 'reads-regular-files-only', (disk) => ({
    read: (...args) => disk.read(...args).catch(() => new Uint8Array(0)),
  })),
  stored('TakesPipesForFiles', 'does-not-wait-for-a-pipe', (disk) => ({
    status: async (path) => {
      const status = await disk.status(path);
      return status?.kind === 'other' ? { ...status, kind: 'file' } : status;
    },
  })),
  stored('KeepsTheOldName', 'replaces-by-renaming', (disk) => ({
    rename: async (from, to) => {
      const bytes = await disk.read(from, ANY_BYTES);
      await disk.remove(to);
      const file = await disk.create(to);
      await file.write(bytes ?? new Uint8Array(0), 0);
    },
  })),
  stored('ListsBackwards', 'lists-names-in-order', (disk) => ({
    list: async (path) => (await disk.list(path))?.toReversed(),
  })),
  stored('ShowsDirectoriesToEveryone', 'makes-directories-for-their-owner', (disk) => ({
    status: async (path) => {
      const status = await disk.status(path);
      return status?.kind === 'directory' ? { ...status, mode: 0o755 } : status;
    },
  })),
  stored('EmptiesDirectories', 'leaves-existing-directories-alone', (disk) => ({
    makeDirectory: (path) => disk.remove(path).then(() => disk.makeDirectory(path)),
  })),
  stored('FindsEverything', 'tells-what-a-path-is', (disk) => ({
    status: async (path) => (await disk.status(path)) ?? { kind: 'file', bytes: 0, mode: 0o600 },
  })),
  stored('RemovesTheTopOnly', 'removes-all-that-a-path-holds', (disk) => ({
    remove: async (path) => {
      if ((await disk.status(path))?.kind === 'file') await disk.remove(path);
    },
  })),
  stored('SyncsNothing', 'syncs-directories-that-exist', () => ({ syncDirectory: async () => undefined })),
  stored('HoldsTwice', 'lets-one-hold-a-directory', () => ({
    hold: async () => ({ release: async () => undefined }),
  })),
];
