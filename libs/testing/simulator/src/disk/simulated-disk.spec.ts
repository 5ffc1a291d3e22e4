import { fromUtf8, toUtf8 } from '@caisson/base';
import { logKit, runCase, SeededRandom, storeKit } from '@caisson/compliance';
import { DiskLogs } from '../log/disk-logs.js';
import { DiskStores } from '../store/disk-stores.js';
import { crashImages, type CrashProfile } from './crash-images.js';
import { type DiskImage, fingerprintOf, withPart } from './disk-image.js';
import { SimulatedDisk } from './simulated-disk.js';

const random = new SeededRandom(3);
const bound = 4096;

async function prepared(profile: CrashProfile = 'weak') {
  const disk = new SimulatedDisk({ profile });
  await disk.makeDirectory('/d');
  await disk.syncDirectory('/');
  return disk;
}

async function put(disk: SimulatedDisk, path: string, text: string, isSynced: boolean): Promise<void> {
  const file = await disk.create(path);
  await file.write(toUtf8(text), 0);
  if (isSynced) await file.sync();
}

function read(image: DiskImage): string {
  const files = [...image].filter(([, bytes]) => bytes !== undefined);
  return files.map(([path, bytes]) => `${path}=${fromUtf8(bytes!)}`).join(' ');
}

const all = (disk: SimulatedDisk, profile: CrashProfile) =>
  crashImages(disk.unsettled, profile, { bound, random }).images.map(read).sort();

describe('what a crash leaves', () => {
  it('is a file without its content, or none, until both are synced', async () => {
    const disk = await prepared();
    await put(disk, '/d/a', 'x', false);
    expect(all(disk, 'weak')).toEqual(['', '/d/a=', '/d/a=x']);
    await disk.syncDirectory('/d');
    expect(all(disk, 'weak')).toEqual(['/d/a=', '/d/a=x']);
    await (await disk.open('/d/a')).sync();
    expect(all(disk, 'weak')).toEqual(['/d/a=x']);
  });

  it('is the old file or the new one after a rename that is not synced', async () => {
    const disk = await prepared();
    await put(disk, '/d/a', 'old', true);
    await disk.syncDirectory('/d');
    await put(disk, '/d/b', 'new', true);
    await disk.rename('/d/b', '/d/a');
    expect(all(disk, 'journalled')).toEqual(['/d/a=new', '/d/a=old', '/d/a=old /d/b=new']);
    await disk.syncDirectory('/d');
    expect(all(disk, 'journalled')).toEqual(['/d/a=new']);
  });

  it('is a torn write, at the border of a sector', async () => {
    const disk = await prepared();
    await put(disk, '/d/a', 'o'.repeat(1024), true);
    await disk.syncDirectory('/d');
    await (await disk.open('/d/a')).write(toUtf8('n'.repeat(1024)), 0);
    const halves = (text: string) => `${text[5]}${text.at(-1)}`;
    expect(all(disk, 'journalled').map(halves)).toEqual(['nn', 'no', 'oo']);
    expect(all(disk, 'weak').map(halves)).toEqual(['nn', 'no', 'on', 'oo']);
  });

  it('is drawn where there are too many, and says so', async () => {
    const disk = await prepared();
    for (let number = 0; number < 8; number++) await put(disk, `/d/${number}`, 'x', false);
    const { images, isSampled, ways } = crashImages(disk.unsettled, 'weak', { bound: 50, random });
    expect([isSampled, ways]).toEqual([true, 2 ** 16]);
    expect(images.length).toBeLessThanOrEqual(52);
    expect(read(images[1]!).split(' ')).toHaveLength(8);
  });

  it('is one of those that are enumerated', async () => {
    for (const profile of ['journalled', 'weak'] as const) {
      const disk = await prepared(profile);
      await put(disk, '/d/a', 'y'.repeat(700), false);
      await disk.rename('/d/a', '/d/b');
      const possible = all(disk, profile);
      disk.losePower(random);
      expect(possible).toContain(read(disk.image));
    }
  });
});

describe('what is wrong with a disk', () => {
  it('is over when it is lifted, and what is on the platter is as it was', async () => {
    const disk = await prepared();
    await put(disk, '/d/a', 'abc', true);
    for (const trouble of [
      { kind: 'rot', permille: 0 },
      { kind: 'sector', permille: 0 },
      { kind: 'cut', bytes: 1 },
      { kind: 'zeros', bytes: 1 },
    ] as const) {
      const isMet = disk.troubles.add(trouble);
      expect(await disk.read('/d/a', 99)).not.toEqual(toUtf8('abc'));
      expect(isMet()).toBe(true);
      disk.troubles.lift();
      expect(await disk.read('/d/a', 99)).toEqual(toUtf8('abc'));
    }
  });

  it('is a failed sync after which the pages are gone and the next sync succeeds', async () => {
    const disk = await prepared();
    await put(disk, '/d/a', '', true);
    await disk.syncDirectory('/d');
    const file = await disk.open('/d/a');
    disk.troubles.add({ kind: 'failing', operation: 'sync', times: 1 });
    await file.write(toUtf8('gone'), 0);
    await expect(file.sync()).rejects.toMatchObject({ code: 'DISK_ERROR' });
    await file.sync();
    disk.losePower(random);
    expect(read(disk.image)).toBe('/d/a=');
  });

  it('is a sync that lies, a full disk, and one that is read only', async () => {
    const disk = await prepared();
    disk.troubles.add({ kind: 'lying', times: 1 });
    await put(disk, '/d/a', 'lost', true);
    await disk.syncDirectory('/d');
    expect(await disk.read('/d/a', 99)).toEqual(toUtf8('lost'));
    disk.losePower(random);
    expect(read(disk.image)).toBe('/d/a=');
    disk.troubles.add({ kind: 'full', bytes: 3 });
    await expect(put(disk, '/d/b', 'four', true)).rejects.toMatchObject({ code: 'DISK_FULL' });
    disk.troubles.lift();
    disk.troubles.add({ kind: 'readOnly' });
    await expect(disk.create('/d/c')).rejects.toMatchObject({ code: 'DISK_READ_ONLY' });
  });
});

test('an image that is put back in part leaves the rest as it is', async () => {
  const disk = await prepared();
  await disk.makeDirectory('/d/encryption');
  await put(disk, '/d/a', 'old', true);
  await put(disk, '/d/encryption/keys', 'old', true);
  const older = disk.image;
  await disk.remove('/d/a');
  await put(disk, '/d/a', 'new', true);
  await disk.remove('/d/encryption/keys');
  await put(disk, '/d/encryption/keys', 'new', true);
  const mixed = withPart(disk.image, older, 'sidecar');
  expect(read(mixed)).toBe('/d/a=new /d/encryption/keys=old');
  disk.restore(mixed);
  expect(fingerprintOf(disk.image)).toBe(fingerprintOf(mixed));
});

describe('a twin that breaks its promise', () => {
  /** A disk of which syncs are left out: every one, of files or of directories. */
  function forgetful(operation: 'sync' | 'syncDirectory'): SimulatedDisk {
    const disk = new SimulatedDisk({ profile: 'weak' });
    const { open, create } = { open: disk.open.bind(disk), create: disk.create.bind(disk) };
    const unsynced = { sync: async () => undefined };
    if (operation === 'syncDirectory') disk.syncDirectory = async () => undefined;
    else {
      disk.open = async (path) => ({ ...(await open(path)), ...unsynced });
      disk.create = async (path) => ({ ...(await create(path)), ...unsynced });
    }
    return disk;
  }

  const crash = (disk: SimulatedDisk) => async () => disk.loseEverythingUnsynced();
  const directory = (name: string) => `/data/${name}`;

  it.each(['sync', 'syncDirectory'] as const)('is caught by the kits (no %s)', async (operation) => {
    const log = forgetful(operation);
    const logs = { logs: new DiskLogs(log), directory, crash: crash(log) };
    const lasting = logKit.cases.find(({ id }) => id === 'log/keeps-appends-through-a-crash');
    await expect(runCase(lasting!, () => logs)).rejects.toThrow();
    const store = forgetful(operation);
    const stores = { stores: new DiskStores(store), directory, crash: crash(store) };
    const synced = storeKit.cases.find(({ id }) => id === 'store/keeps-synced-batches-through-a-crash');
    await expect(runCase(synced!, () => stores)).rejects.toThrow();
  });
});
