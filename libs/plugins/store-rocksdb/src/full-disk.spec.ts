import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipUnless } from '@caisson/compliance';
import { isCaissonError, type UntrustedStore } from '@caisson/contracts';
import { RocksdbStores } from './rocksdb-stores.js';

const stores = new RocksdbStores({ writeBufferBytes: 1024 * 1024 });
const mountable = canMount();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-store-disk-'));
  if (mountable) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder]);
});

afterAll(() => {
  if (mountable) execFileSync('umount', ['--lazy', folder]);
  rmSync(folder, { recursive: true, force: true });
});

function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'caisson-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

const remount = (options: string): unknown => execFileSync('mount', ['-o', `remount,${options}`, folder]);
const keyOf = (number: number): Buffer => Buffer.from(`\u0002row ${number}`, 'latin1');

/** Writes until the disk is full, and gives the number of batches that were acknowledged. */
async function fill(store: UntrustedStore): Promise<number> {
  for (let number = 0; ; number++) {
    const batch = store.batch().put(keyOf(number), randomBytes(8192));
    try {
      await batch.write({ sync: number % 10 === 0 });
    } catch (error) {
      if (isCaissonError(error, 'DISK_FULL')) return number;
      throw error;
    }
  }
}

skipUnless(mountable, 'mounting file systems needs root')(
  'a full disk refuses writes and loses nothing acknowledged; a read-only one is named as such',
  async () => {
    const directory = join(folder, 'store');
    const full = await stores.open(directory);
    const written = await fill(full);
    const again = full.batch().put(keyOf(0), new Uint8Array());
    await expect(again.write({ sync: true })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await full.get(keyOf(0))).toHaveLength(8192);
    await full.close();

    remount('size=64m');
    const roomy = await stores.open(directory);
    for (let number = 0; number < written; number++)
      expect(await roomy.get(keyOf(number))).toHaveLength(8192);
    await roomy.batch().put(keyOf(0), new Uint8Array()).write({ sync: true });
    await roomy.close();

    remount('ro');
    const refused = { code: 'DISK_READ_ONLY', details: { errno: 'EROFS' } };
    await expect(stores.open(directory)).rejects.toMatchObject(refused);
    await expect(stores.open(join(folder, 'another'))).rejects.toMatchObject(refused);
  },
);
