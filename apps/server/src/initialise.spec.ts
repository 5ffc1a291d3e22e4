import { CaissonError } from '@caisson/contracts';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf, initialiseNode, reportFailure, rootCause } from './index.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-init-'))));
afterEach(() => rm(folder, { recursive: true }));

const options = (more: object = {}) => ({
  dataDir: join(folder, 'data'),
  name: 'n1',
  birth: 'encrypted' as const,
  ...more,
});

test('a node and its KEK are made apart, the KEK readable by its owner alone', async () => {
  const kekPath = join(folder, 'kek.key');
  expect(await initialiseNode(options({ kekPath }))).toMatchObject({ kekPath, kekCreated: true });
  const status = await stat(kekPath);
  expect([status.size, status.mode & 0o777]).toEqual([32, 0o600]);
  expect(JSON.parse(await readFile(join(folder, 'data', 'node.json'), 'utf8'))).toMatchObject({
    birth: 'encrypted',
  });
});

test('an existing KEK is used and never overwritten', async () => {
  const kekPath = join(folder, 'kek.key');
  await writeFile(kekPath, Buffer.alloc(32, 7), { mode: 0o600 });
  expect(await initialiseNode(options({ kekPath }))).toMatchObject({ kekCreated: false });
  expect(await readFile(kekPath)).toEqual(Buffer.alloc(32, 7));
});

test('a KEK inside the data directory is refused before anything is made', async () => {
  const inside = initialiseNode(options({ kekPath: join(folder, 'data', 'kek.key') }));
  await expect(inside).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'kek-file' } });
  await expect(stat(join(folder, 'data'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a directory that holds something is left alone', async () => {
  await initialiseNode(options({ kekPath: join(folder, 'kek.key') }));
  const before = await readFile(join(folder, 'data', 'node.json'));
  await expect(initialiseNode(options({ name: 'n2' }))).rejects.toMatchObject({
    code: 'DIRECTORY_NOT_EMPTY',
  });
  expect(await readFile(join(folder, 'data', 'node.json'))).toEqual(before);
});

test('a node that joins is born as its cluster was, with a KEK that must be there already', async () => {
  const kekPath = join(folder, 'kek.key');
  const cluster = { clusterId: new Uint8Array(16).fill(7), birth: 'encrypted' as const, format: 1 };
  const joining = { dataDir: join(folder, 'data'), name: 'n2', cluster, kekPath };
  await expect(initialiseNode(joining)).rejects.toMatchObject({ code: 'KEK_NOT_FOUND' });
  await expect(stat(join(folder, 'data'))).rejects.toMatchObject({ code: 'ENOENT' });
  await writeFile(kekPath, Buffer.alloc(32, 7), { mode: 0o600 });
  expect(await initialiseNode(joining)).toMatchObject({ birth: 'encrypted', kekCreated: false });
  expect(JSON.parse(await readFile(join(folder, 'data', 'node.json'), 'utf8'))).toMatchObject({
    cluster_id: '07'.repeat(16),
    birth: 'encrypted',
    joined: true,
  });
});

test('a failed start is reported by its innermost cause, with its exit code and every problem', () => {
  const cause = new CaissonError('CONFIG_INVALID', { problems: ['a.b: too large', 'c: unknown'] });
  const error = new CaissonError('START_FAILED', { service: 'x' }, { cause });
  let said = '';
  reportFailure(error, { write: (text) => (said += text) });
  expect(rootCause(error)).toBe(cause);
  expect(exitCodeOf(error)).toBe(78);
  expect(said).toMatch(/CONFIG_INVALID[\s\S]*- a\.b: too large\n {2}- c: unknown/);
});
