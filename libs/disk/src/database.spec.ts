import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.js';

const [a, b, c] = ['a', 'b', 'c'].map((name) => Buffer.from(name));
const UNMERGEABLE = join(import.meta.dirname, '..', 'testdata', 'unmergeable.mjs');
let folder: string;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caisson-database-'));
  database = new Database(join(folder, 'db'));
  await database.open({ createIfMissing: true });
});

afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

test('it gives what was written, and nothing for what was not', async () => {
  await database.write(database.batch().put(a!, Buffer.from('1')).put(c!, Buffer.from('3')), true);
  expect(await database.get(a!)).toEqual(Buffer.from('1'));
  expect(await database.get(b!)).toBeUndefined();
  expect(await database.getMany([c!, b!, a!], { fillCache: false })).toEqual([
    Buffer.from('3'),
    undefined,
    Buffer.from('1'),
  ]);
});

test('a second opening of one directory is DIRECTORY_LOCKED', async () => {
  const second = new Database(database.path);
  await expect(second.open({})).rejects.toMatchObject({
    code: 'DIRECTORY_LOCKED',
    details: { operation: 'open', path: database.path },
  });
});

test('a database that is not there is CORRUPTION unless it may be made', async () => {
  const absent = new Database(join(folder, 'absent'));
  await expect(absent.open({ createIfMissing: false })).rejects.toMatchObject({ code: 'CORRUPTION' });
});

test('a merge whose file cannot be written fails, and so does a close that would wait for it', () => {
  const { stdout } = spawnSync(process.execPath, [UNMERGEABLE, join(folder, 'other')], { timeout: 60_000 });
  expect(stdout.toString()).toBe('compact: DISK_ERROR\nclose: DISK_ERROR\n');
}, 90_000);
