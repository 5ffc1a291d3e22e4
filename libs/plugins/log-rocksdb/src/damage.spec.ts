import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCaissonError, type LogEntry, type RaftLog } from '@caisson/contracts';
import { RocksdbLogs } from './rocksdb-logs.js';

const SAMPLES = 240;
// Thousands of openings, and none of it is about durability.
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'caisson-log-damage-'));
const good = join(root, 'good');
const older = join(root, 'older');
const copy = join(root, 'copy');
/** Longer than a block of the write-ahead log, so that damage to its head spares what follows it. */
const REPLACEMENT = new Uint8Array(40_000).fill(0xee);
const logs = new RocksdbLogs({ cacheBytes: 0 });
let content: unknown;

beforeAll(async () => {
  await write(async (log) => {
    await log.append({ entries: entries(1, 12, 1), hardState: { term: 1, vote: 1n, commit: 3 } });
    await log.append({ entries: entries(8, 16, 2) });
  });
  await write(async (log) => {
    await log.append({ entries: entries(14, 20, 3, 300), hardState: { term: 3, vote: 1n, commit: 9 } });
    await log.compact(4);
  });
  await write(async (log) => {
    await log.append({ entries: entries(21, 22, 3, 20_000) });
    await log.append({ entries: entries(22, 25, 4, 100), hardState: { term: 4, vote: 2n, commit: 20 } });
    await log.append({ entries: [{ index: 25, term: 5, kind: 'normal', data: REPLACEMENT }] });
    await log.append({ entries: entries(26, 26, 5) });
    cpSync(good, older, { recursive: true });
    await log.append({ entries: [], hardState: { term: 6, vote: 3n, commit: 22 } });
  });
  cpSync(good, join(root, 'probe'), { recursive: true });
  content = await contentOf(join(root, 'probe'));
});

beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  cpSync(good, copy, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function write(step: (log: RaftLog) => Promise<void>): Promise<void> {
  const log = await logs.open(good);
  await step(log);
  await log.close();
}

function entries(from: number, to: number, term: number, bytes = 40): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const data = Uint8Array.from({ length: bytes }, (_, byte) => (from + at) * 7 + term * 13 + byte);
    return { index: from + at, term, kind: 'normal', data };
  });
}

async function contentOf(directory: string): Promise<unknown> {
  const log = await logs.open(directory);
  try {
    const held = await log.read(log.start.index + 1, log.last, Number.MAX_SAFE_INTEGER);
    const digests = held.map(({ index, term, kind, data }) => {
      return `${index} ${term} ${kind} ${createHash('sha256').update(data).digest('hex')}`;
    });
    return { start: log.start, last: log.last, hardState: log.hardState, digests };
  } finally {
    await log.close();
  }
}

/** What opening the copy comes to: its content, or that it is damaged; nothing else is caught. */
async function outcome(): Promise<unknown> {
  try {
    return await contentOf(copy);
  } catch (error) {
    if (isCaissonError(error, 'CORRUPTION')) return 'CORRUPTION';
    throw error;
  }
}

/** Files of the log relative to its directory, by the end of their names. */
function files(pattern: RegExp): string[] {
  const all = ['head', ...readdirSync(join(good, 'db')).map((name) => `db/${name}`)];
  return all.filter((name) => pattern.test(name));
}

/** Both ends byte by byte, and evenly between them. */
function offsets(length: number): number[] {
  const stride = Math.max(1, Math.floor(length / (SAMPLES - 120)));
  const all = Array.from({ length }, (_, at) => at);
  return all.filter((at) => at < 60 || at >= length - 60 || at % stride === 0);
}

test.each([
  ['the write-ahead log', /\.log$/],
  ['a table', /\.sst$/],
  ['the manifest', /MANIFEST/],
  ['CURRENT', /CURRENT$/],
  ['head', /head$/],
])('a flipped bit anywhere in %s changes nothing or is CORRUPTION', async (_, pattern) => {
  const found = files(pattern);
  expect(found).not.toEqual([]);
  for (const file of found) {
    const intact = readFileSync(join(good, file));
    for (const at of offsets(intact.length)) {
      const flipped = Buffer.from(intact);
      flipped[at]! ^= 1 << at % 8;
      rmSync(copy, { recursive: true, force: true });
      mkdirSync(join(copy, 'db'), { recursive: true });
      for (const each of files(/head$|\.log$|\.sst$|MANIFEST|CURRENT$|IDENTITY|OPTIONS/)) {
        copyFileSync(join(good, each), join(copy, each));
      }
      writeFileSync(join(copy, file), flipped);
      const result = await outcome();
      if (result !== 'CORRUPTION') expect({ file, at, result }).toEqual({ file, at, result: content });
    }
  }
});

test.each([
  ['the write-ahead log', /\.log$/],
  ['a table', /\.sst$/],
  ['the manifest', /MANIFEST/],
])('cutting %s short, or deleting it, is CORRUPTION', async (_, pattern) => {
  for (const file of files(pattern)) {
    const intact = readFileSync(join(good, file));
    for (const part of [0, 0.3, 0.6, 0.9, 1]) {
      writeFileSync(join(copy, file), intact.subarray(0, Math.floor((intact.length - 1) * part)));
      expect(await outcome()).toBe('CORRUPTION');
      rmSync(copy, { recursive: true });
      cpSync(good, copy, { recursive: true });
    }
    rmSync(join(copy, file));
    expect(await outcome()).toBe('CORRUPTION');
    cpSync(good, copy, { recursive: true });
  }
});

test.each(['head', 'db/CURRENT', 'db'])('a log without its %s is CORRUPTION', async (name) => {
  rmSync(join(copy, name), { recursive: true });
  expect(await outcome()).toBe('CORRUPTION');
});

test('a damaged log stays damaged, although the database drops what it cannot read', async () => {
  const [wal] = files(/\.log$/);
  const bytes = readFileSync(join(copy, wal!));
  bytes[bytes.length - 20]! ^= 1;
  writeFileSync(join(copy, wal!), bytes);
  for (let attempt = 1; attempt <= 3; attempt++) expect(await outcome()).toBe('CORRUPTION');
});

test('an append that replaced entries is missed by the next one when the database drops it', async () => {
  const [wal] = files(/\.log$/);
  const bytes = readFileSync(join(copy, wal!));
  bytes[bytes.indexOf(REPLACEMENT.subarray(0, 100))]! ^= 1;
  writeFileSync(join(copy, wal!), bytes);
  await expect(contentOf(copy)).rejects.toThrow('does not follow the one before');
});

test('an older database beside a newer head is CORRUPTION, also when only the vote is older', async () => {
  rmSync(copy, { recursive: true });
  cpSync(older, copy, { recursive: true });
  copyFileSync(join(good, 'head'), join(copy, 'head'));
  expect(await outcome()).toBe('CORRUPTION');
});

test('a log ahead of its head is whole: the head is written last and may be lost', async () => {
  copyFileSync(join(older, 'head'), join(copy, 'head'));
  expect(await outcome()).toEqual(content);
});

test('damage to a record below the memory of an open log is CORRUPTION when it is read', async () => {
  const log = await logs.open(copy);
  for (const file of readdirSync(join(copy, 'db')).filter((name) => name.endsWith('.sst'))) {
    const bytes = readFileSync(join(copy, 'db', file));
    bytes.fill(0, 0, 2000);
    writeFileSync(join(copy, 'db', file), bytes);
  }
  await expect(log.read(5, log.last, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'CORRUPTION' });
  await log.close();
});
