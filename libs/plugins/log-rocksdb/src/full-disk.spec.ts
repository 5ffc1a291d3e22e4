import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { skipUnless, SmallDisk } from '@caisson/compliance';
import { isCaissonError, type LogEntry, type RaftLog } from '@caisson/contracts';
import { RocksdbLogs } from './rocksdb-logs.js';

const logs = new RocksdbLogs({ writeBufferBytes: 1024 * 1024, cacheBytes: 0 });
const disk = new SmallDisk();

beforeAll(() => disk.mount('12m'));
afterAll(() => disk.remove());

const entryOf = (index: number): LogEntry => ({ index, term: 1, kind: 'normal', data: randomBytes(8192) });

/** Appends until the disk is full, and gives the last index that was acknowledged. */
async function fill(log: RaftLog): Promise<number> {
  for (let index = 1; ; index++) {
    try {
      await log.append({ entries: [entryOf(index)] });
    } catch (error) {
      if (isCaissonError(error, 'DISK_FULL')) return index - 1;
      throw error;
    }
  }
}

skipUnless(disk.isPossible, 'mounting file systems needs root')(
  'a full disk refuses appends and loses nothing acknowledged; a read-only one is named as such',
  async () => {
    const directory = join(disk.folder, 'log');
    const full = await logs.open(directory);
    const last = await fill(full);
    await expect(full.append({ entries: [entryOf(last + 1)] })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await full.read(1, 1, 1)).toHaveLength(1);
    await full.close();

    disk.remount('size=64m');
    const roomy = await logs.open(directory);
    // The entry whose append failed may have become durable all the same.
    expect([last, last + 1]).toContain(roomy.last);
    await roomy.append({ entries: [entryOf(roomy.last + 1)] });
    await roomy.close();

    disk.remount('ro');
    const refused = { code: 'DISK_READ_ONLY', details: { errno: 'EROFS' } };
    await expect(logs.open(directory)).rejects.toMatchObject(refused);
    await expect(logs.open(join(disk.folder, 'another'))).rejects.toMatchObject(refused);
  },
);
