import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skipUnless } from '@caisson/compliance';
import { isCaissonError, type LogEntry, type RaftLog } from '@caisson/contracts';
import { RocksdbLogs } from './rocksdb-logs.js';

const logs = new RocksdbLogs({ writeBufferBytes: 1024 * 1024, cacheBytes: 0 });
const mountable = canMount();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-log-disk-'));
  if (mountable) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]);
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

skipUnless(mountable, 'mounting file systems needs root')(
  'a full disk refuses appends and loses nothing acknowledged; a read-only one is named as such',
  async () => {
    const directory = join(folder, 'log');
    const full = await logs.open(directory);
    const last = await fill(full);
    await expect(full.append({ entries: [entryOf(last + 1)] })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await full.read(1, 1, 1)).toHaveLength(1);
    await full.close();

    remount('size=64m');
    const roomy = await logs.open(directory);
    // The entry whose append failed may have become durable all the same.
    expect([last, last + 1]).toContain(roomy.last);
    await roomy.append({ entries: [entryOf(roomy.last + 1)] });
    await roomy.close();

    remount('ro');
    const refused = { code: 'DISK_READ_ONLY', details: { errno: 'EROFS' } };
    await expect(logs.open(directory)).rejects.toMatchObject(refused);
    await expect(logs.open(join(folder, 'another'))).rejects.toMatchObject(refused);
  },
);
