import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogEntry, RaftLog } from '@caisson/contracts';
import { Database, diskFault } from '@caisson/disk';
import { Config } from './config.js';
import { HeadFile } from './head-file.js';
import { NEVER_WRITTEN } from './log-state.js';
import { RecentEntries } from './recent-entries.js';
import { recordKey } from './records.js';
import { RocksdbLog } from './rocksdb-log.js';
import { RocksdbLogs } from './rocksdb-logs.js';
import { TermRuns } from './term-runs.js';

const OPTIONS = { createIfMissing: true, compression: false, writeBufferSize: 1 << 20 };
const VOTE = { term: 1, vote: 1n, commit: 0 };
const ALL = Number.MAX_SAFE_INTEGER;
const logs = new RocksdbLogs({ cacheBytes: 0 });
let directory: string;
let log: RaftLog;

beforeEach(async () => {
  directory = join(mkdtempSync(join(tmpdir(), 'caisson-log-')), 'deep', 'log');
  log = await logs.open(directory);
});
afterEach(async () => {
  await log.close();
  rmSync(join(directory, '..', '..'), { recursive: true });
});

const entries = (from: number, to: number, term = 1): LogEntry[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({
    index: from + at,
    term,
    kind: 'normal',
    data: new Uint8Array(20).fill(from + at),
  }));

test('an append with a hole or below the start is a bug: LOG-1', async () => {
  await log.append({ entries: entries(1, 5) });
  await log.compact(2);
  const appends = [entries(7, 7), entries(2, 3), [...entries(6, 6), ...entries(8, 8)]];
  for (const each of appends) await expect(log.append({ entries: each })).rejects.toThrow('LOG-1');
  await log.append({ entries: entries(6, 6) });
});

test('a read or a term outside the log is a bug: LOG-2', async () => {
  await log.append({ entries: entries(1, 5) });
  await log.compact(2);
  for (const [from, to] of [
    [2, 3],
    [4, 3],
    [5, 6],
  ] as const) {
    await expect(log.read(from, to, ALL)).rejects.toThrow('LOG-2');
  }
  for (const index of [1, 6]) await expect(log.term(index)).rejects.toThrow('LOG-2');
});

test('two writes at once are a bug: LOG-3', async () => {
  const first = log.append({ entries: entries(1, 1) });
  await expect(log.append({ entries: entries(1, 1) })).rejects.toThrow('LOG-3');
  await first;
});

test('a log that is open is locked, and free once it is closed', async () => {
  await expect(logs.open(directory)).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
  await log.append({ entries: entries(1, 1) });
  await log.close();
  log = await logs.open(directory);
  expect(log.last).toBe(1);
});

test('a closed log refuses everything', async () => {
  await log.append({ entries: entries(1, 1) });
  const last = log.append({ entries: entries(2, 2) });
  await log.close();
  await last;
  const late = [log.append({ entries: [] }), log.read(1, 1, ALL), log.term(1), log.compact(1)];
  for (const call of await Promise.allSettled(late)) {
    expect(call).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CLOSED' } });
  }
});

test('opening ends when its signal says so, and leaves the log free', async () => {
  await log.append({ entries: entries(1, 10) });
  await log.close();
  await expect(logs.open(directory, AbortSignal.abort())).rejects.toThrow('aborted');
  log = await logs.open(directory);
});

test('what was appended belongs to the log, whatever happens to the buffer it came in', async () => {
  const cached = await new RocksdbLogs().open(`${directory}-2`);
  const data = new Uint8Array([1, 2, 3]);
  await cached.append({ entries: [{ index: 1, term: 1, kind: 'normal', data }] });
  data.fill(9);
  expect((await cached.read(1, 1, ALL))[0]!.data).toEqual(new Uint8Array([1, 2, 3]));
  await cached.close();
});

test('reads beside a compaction and beside a replacing append see entries of one log', async () => {
  await log.append({ entries: entries(1, 3000) });
  const during = log.read(1, 3000, ALL);
  const compacting = log.compact(2900);
  expect(await during).toEqual(entries(1, 3000));
  await compacting;
  const before = log.read(2901, 3000, ALL);
  const replacing = log.append({ entries: entries(2950, 2960, 2) });
  const after = log.read(2901, 3000, ALL);
  const gone = log.read(2990, 3000, ALL);
  expect(await before).toEqual(entries(2901, 3000));
  expect(await after).toEqual([...entries(2901, 2949), ...entries(2950, 2960, 2)]);
  expect(await gone).toEqual([]);
  await replacing;
});

/** A disk that fails one sort of write. */
class FailingDatabase extends Database {
  fails: 'synced' | 'unsynced' | undefined;

  override async write(batch: Parameters<Database['write']>[0], sync: boolean): Promise<void> {
    const step = { operation: 'write', path: this.path };
    const text = 'IO error: While appending to file: 000003.log: No space left on device';
    if (this.fails === (sync ? 'synced' : 'unsynced')) throw diskFault(new RangeError(text), step);
    await super.write(batch, sync);
  }
}

async function openFailing(path: string): Promise<{ failing: RaftLog; database: FailingDatabase }> {
  const head = HeadFile.create(join(path, 'head'));
  const database = new FailingDatabase(join(path, 'db'));
  await database.open(OPTIONS);
  const memory = { terms: new TermRuns(NEVER_WRITTEN.start), recent: new RecentEntries(0, 1) };
  return { failing: new RocksdbLog({ database, head, state: NEVER_WRITTEN, memory }), database };
}

test('after a failed append the log refuses to go on, with the same error', async () => {
  const { failing, database } = await openFailing(`${directory}-2`);
  await failing.append({ entries: entries(1, 3), hardState: VOTE });
  database.fails = 'synced';
  await expect(failing.append({ entries: entries(2, 2, 2) })).rejects.toMatchObject({ code: 'DISK_FULL' });
  database.fails = undefined;
  await expect(failing.append({ entries: entries(4, 4) })).rejects.toMatchObject({ code: 'DISK_FULL' });
  await expect(failing.compact(2)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(await failing.read(1, 3, ALL)).toEqual(entries(1, 3));
  await failing.close();
});

test.each(['compact', 'reset'] as const)('a %s cut off is finished at the next opening', async (change) => {
  const path = `${directory}-2`;
  const { failing, database } = await openFailing(path);
  await failing.append({ entries: entries(1, 9) });
  database.fails = 'unsynced';
  const changing = change === 'compact' ? failing.compact(6) : failing.reset({ index: 4, term: 3 }, VOTE);
  await expect(changing).rejects.toMatchObject({ code: 'DISK_FULL' });
  await failing.close();
  const again = await logs.open(path);
  const [start, last] = change === 'compact' ? [{ index: 6, term: 1 }, 9] : [{ index: 4, term: 3 }, 4];
  expect({ start: again.start, last: again.last }).toEqual({ start, last });
  await again.close();
  const rows = new Database(join(path, 'db'));
  await rows.open(OPTIONS);
  const found = await rows.getMany([1, 5, 6, 7, 9].map((index) => recordKey(0, index)));
  const kept = change === 'compact' ? [false, false, false, true, true] : [false, false, false, false, false];
  expect(found.map((row) => row !== undefined)).toEqual(kept);
  await rows.close();
});

test('options are checked, and unknown ones refused', () => {
  const defaults = { writeBufferBytes: 16 << 20, cacheBytes: 32 << 20, compression: false };
  expect(Config.parse(undefined)).toEqual(defaults);
  for (const wrong of [{ cacheBytes: -1 }, { writeBufferBytes: 1 }, { paranoid: true }]) {
    expect(Config.safeParse(wrong).success).toBe(false);
  }
});

test('what has resolved outlives SIGKILL', async () => {
  const path = `${directory}-2`;
  const script = fileURLToPath(new URL('../testdata/appender.mjs', import.meta.url));
  let acknowledged = 0;
  for (let life = 1; life <= 4; life++) {
    const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const chunk of child.stdout) {
      acknowledged = Number(String(chunk).trimEnd().split('\n').at(-1));
      if (acknowledged >= life * 25) child.kill('SIGKILL');
    }
    const survivor = await logs.open(path);
    expect(survivor.last).toBeGreaterThanOrEqual(acknowledged);
    expect(survivor.hardState.commit).toBe(survivor.last);
    await survivor.close();
  }
  expect(acknowledged).toBeGreaterThanOrEqual(100);
});
