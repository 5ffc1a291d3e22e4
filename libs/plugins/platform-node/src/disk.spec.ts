import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toUtf8 } from '@caisson/base';
import { NodeDisk } from './disk.js';
import { diskError } from './disk-errors.js';

const disk = new NodeDisk();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'caisson-disk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (...parts: string[]): string => disk.join(directory, ...parts);

async function put(path: string, text: string): Promise<void> {
  const file = await disk.create(path);
  await file.write(toUtf8(text), 0);
  await file.sync();
  await file.close();
}

test('what is written at its offsets is read back', async () => {
  const file = await disk.create(at('file'));
  await file.write(toUtf8('world'), 6);
  await file.write(toUtf8('hello '), 0);
  await file.close();
  expect(await disk.read(at('file'), 11)).toEqual(toUtf8('hello world'));
});

test('files are private and directories too', async () => {
  await disk.makeDirectory(at('a', 'b'));
  await put(at('a', 'b', 'file'), 'x');
  expect(await disk.status(at('a', 'b', 'file'))).toEqual({ kind: 'file', bytes: 1, mode: 0o600 });
  expect(await disk.status(at('a'))).toMatchObject({ kind: 'directory', mode: 0o700 });
});

test('an existing directory keeps its mode', async () => {
  chmodSync(directory, 0o755);
  await disk.makeDirectory(directory);
  expect(statSync(directory).mode & 0o777).toBe(0o755);
});

test('what is missing is undefined, and removing it is fine', async () => {
  expect(await disk.status(at('none'))).toBeUndefined();
  expect(await disk.read(at('none'), 10)).toBeUndefined();
  expect(await disk.list(at('none'))).toBeUndefined();
  await disk.remove(at('none'));
});

test('names are sorted, renames replace, removals go deep', async () => {
  await put(at('b'), 'new');
  await put(at('a'), 'old');
  await disk.makeDirectory(at('c', 'd'));
  expect(await disk.list(directory)).toEqual(['a', 'b', 'c']);
  await disk.rename(at('b'), at('a'));
  await disk.syncDirectory(directory);
  expect(await disk.read(at('a'), 10)).toEqual(toUtf8('new'));
  await disk.remove(at('c'));
  expect(await disk.list(directory)).toEqual(['a']);
});

test('an existing file is never opened by create, nor is a link followed', async () => {
  await put(at('file'), 'x');
  symlinkSync(at('elsewhere'), at('link'));
  const exists = { code: 'DISK_ERROR', details: { operation: 'create', errno: 'EEXIST' } };
  await expect(disk.create(at('file'))).rejects.toMatchObject(exists);
  await expect(disk.create(at('link'))).rejects.toMatchObject(exists);
  expect(await disk.status(at('elsewhere'))).toBeUndefined();
});

test('a file above the limit is refused, one at the limit is read, also when it claims no size', async () => {
  await put(at('file'), '12345');
  expect(await disk.read(at('file'), 5)).toHaveLength(5);
  await expect(disk.read(at('file'), 4)).rejects.toMatchObject({
    code: 'DISK_ERROR',
    details: { errno: 'EFBIG' },
  });
  expect((await disk.read('/proc/self/status', 1 << 20))!.length).toBeGreaterThan(100);
  await expect(disk.read('/proc/self/status', 10)).rejects.toMatchObject({ details: { errno: 'EFBIG' } });
});

test('a FIFO, a device and a directory are refused without blocking; a link to a file is followed', async () => {
  execFileSync('mkfifo', [at('fifo')]);
  for (const path of [at('fifo'), '/dev/zero', directory]) {
    await expect(disk.read(path, 10)).rejects.toMatchObject({
      code: 'DISK_ERROR',
      details: { operation: 'read', path },
    });
  }
  expect(await disk.status(at('fifo'))).toMatchObject({ kind: 'other' });
  await put(at('file'), 'x');
  symlinkSync(at('file'), at('link'));
  expect(await disk.read(at('link'), 1)).toEqual(toUtf8('x'));
  expect(await disk.status(at('link'))).toMatchObject({ kind: 'other' });
});

test('a path through a file is an error with operation, path and errno', async () => {
  writeFileSync(at('file'), '');
  const path = at('file', 'below');
  expect(await disk.status(path)).toBeUndefined();
  await expect(disk.makeDirectory(path)).rejects.toMatchObject({
    code: 'DISK_ERROR',
    details: { operation: 'makeDirectory', path, errno: 'ENOTDIR' },
  });
});

test.each([
  ['ENOSPC', true, 'DISK_FULL'],
  ['EDQUOT', true, 'DISK_FULL'],
  ['EROFS', true, 'DISK_READ_ONLY'],
  ['EACCES', true, 'DISK_READ_ONLY'],
  ['EPERM', true, 'DISK_READ_ONLY'],
  ['EACCES', false, 'DISK_ERROR'],
  ['EIO', true, 'DISK_ERROR'],
])('%s with writing=%s is %s', (errno, writes, code) => {
  const cause = Object.assign(new Error('from the system'), { code: errno });
  const error = diskError(cause, { operation: 'write', path: '/somewhere', writes });
  expect(error).toMatchObject({ code, cause, details: { operation: 'write', path: '/somewhere', errno } });
});
