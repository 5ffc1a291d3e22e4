import { skipUnless } from '@caisson/compliance';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NodeDisk } from './disk.js';

const HOLDER = join(import.meta.dirname, '..', 'testdata', 'holder.mjs');
const disk = new NodeDisk();
const children: ChildProcess[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'caisson-hold-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function holder(path: string): Promise<{ child: ChildProcess; says: string }> {
  const child = spawn(process.execPath, [HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [says] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return { child, says };
}

test('a second process is refused while the first one lives', async () => {
  expect((await holder(directory)).says).toBe('held');
  expect((await holder(directory)).says).toBe('DIRECTORY_LOCKED');
  await expect(disk.hold(directory)).rejects.toMatchObject({
    code: 'DIRECTORY_LOCKED',
    details: { path: directory },
  });
});

test('the directory is free at once after SIGKILL, many times in a row', async () => {
  for (let round = 0; round < 5; round++) {
    const { child, says } = await holder(directory);
    expect(says).toBe('held');
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await (await disk.hold(directory)).release();
});

test('one process cannot hold a directory twice, not even under another name, until it released it', async () => {
  const alias = `${directory}-alias`;
  symlinkSync(directory, alias);
  try {
    const hold = await disk.hold(directory);
    for (const path of [directory, alias]) {
      await expect(disk.hold(path)).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
    }
    expect((await holder(alias)).says).toBe('DIRECTORY_LOCKED');
    await hold.release();
    await hold.release();
    await (await disk.hold(alias)).release();
  } finally {
    rmSync(alias);
  }
});

test('files inside stay few, however often the directory is held', async () => {
  for (let round = 0; round < 8; round++) await (await disk.hold(directory)).release();
  expect((await disk.list(directory))!.length).toBeLessThanOrEqual(8);
});

const damages: Readonly<Record<string, () => void>> = {
  'lost its manifest': () => {
    for (const name of readdirSync(directory)) if (name.startsWith('MANIFEST')) rmSync(join(directory, name));
  },
  'lost the name of its manifest': () => writeFileSync(join(directory, 'CURRENT'), ''),
  'lost half of its manifest': () => {
    for (const name of readdirSync(directory))
      if (name.startsWith('MANIFEST')) writeFileSync(join(directory, name), 'half');
  },
};

test.each(Object.entries(damages))(
  'a lock that %s is made anew, and still held by one',
  async (_, damage) => {
    await (await disk.hold(directory)).release();
    damage();
    const { child, says } = await holder(directory);
    expect(says).toBe('held');
    damage();
    await expect(disk.hold(directory)).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await disk.hold(directory)).release();
  },
);

test('a path that is a file is refused as what it is', async () => {
  const path = join(directory, 'file');
  await (await disk.create(path)).close();
  await expect(disk.hold(path)).rejects.toMatchObject({
    code: 'DISK_ERROR',
    details: { operation: 'hold', path },
  });
});

const mount = (...args: string[]): void => void execFileSync('mount', args, { stdio: 'ignore' });

function whyNoMounts(): string | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'caisson-mount-'));
  try {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe);
    execFileSync('umount', [probe]);
    return undefined;
  } catch {
    return 'mounting file systems needs root';
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

const noMounts = whyNoMounts();
const withMounts = skipUnless(noMounts === undefined, noMounts ?? '');

withMounts('a read-only file system is DISK_READ_ONLY, never a second process', async () => {
  const source = join(directory, 'source');
  mkdirSync(source);
  await (await disk.hold(source)).release();
  mount('--bind', source, source);
  try {
    mount('-o', 'remount,ro,bind', source);
    await expect(disk.hold(source)).rejects.toMatchObject({
      code: 'DISK_READ_ONLY',
      details: { errno: 'EROFS' },
    });
    await expect(disk.makeDirectory(join(source, 'a', 'b'))).rejects.toMatchObject({
      code: 'DISK_READ_ONLY',
      details: { errno: 'EROFS' },
    });
    await disk.makeDirectory(source);
  } finally {
    execFileSync('umount', [source]);
  }
});

withMounts(`a full file system is DISK_FULL`, async () => {
  const full = join(directory, 'full');
  mkdirSync(full);
  mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', full);
  try {
    const ballast = await disk.create(join(full, 'ballast'));
    await expect(ballast.write(new Uint8Array(1 << 20), 0)).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { operation: 'write', errno: 'ENOSPC' },
    });
    await ballast.close();
    await expect(disk.hold(join(full))).rejects.toMatchObject({ code: 'DISK_FULL' });
  } finally {
    execFileSync('umount', [full]);
  }
});
