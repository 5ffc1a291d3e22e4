import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { skipUnless, SmallDisk } from '@caisson/compliance';
import { isCaissonError, type UntrustedStore } from '@caisson/contracts';
import { RocksdbStores } from './rocksdb-stores.js';

const stores = new RocksdbStores({ writeBufferBytes: 1024 * 1024 });
const disk = new SmallDisk();

beforeAll(() => disk.mount('16m'));
afterAll(() => disk.remove());

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

skipUnless(disk.isPossible, 'mounting file systems needs root')(
  'a full disk refuses writes and loses nothing acknowledged; a read-only one is named as such',
  async () => {
    const directory = join(disk.folder, 'store');
    const full = await stores.open(directory);
    const written = await fill(full);
    const again = full.batch().put(keyOf(0), new Uint8Array());
    await expect(again.write({ sync: true })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await full.get(keyOf(0))).toHaveLength(8192);
    await full.close();

    disk.remount('size=64m');
    const roomy = await stores.open(directory);
    for (let number = 0; number < written; number++)
      expect(await roomy.get(keyOf(number))).toHaveLength(8192);
    await roomy.batch().put(keyOf(0), new Uint8Array()).write({ sync: true });
    await roomy.close();

    disk.remount('ro');
    const refused = { code: 'DISK_READ_ONLY', details: { errno: 'EROFS' } };
    await expect(stores.open(directory)).rejects.toMatchObject(refused);
    await expect(stores.open(join(disk.folder, 'another'))).rejects.toMatchObject(refused);
  },
);
