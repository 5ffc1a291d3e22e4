import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { momentOf } from '../../commands/audit-log.js';
import { scanFiles } from './file-scan.js';
import { kindOf } from './kinds.js';
import { NeedleSearch, readNeedles } from './needles.js';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'caisson-scan-'))));
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['node.json', 'identity'],
  ['LOCK/MANIFEST-000004', 'lock'],
  ['encryption/keys.json', 'sidecar'],
  ['encryption/keys.json.tmp', 'leftover'],
  ['groups/1/store/db/000004.sst', 'store'],
  ['groups/1/store/db/OPTIONS-000006', 'settings of a database'],
  ['groups/1/store/db/LOG', 'notes of a database'],
  ['groups/1/store.incoming/db/000004.sst', 'replaced or incoming store'],
  ['groups/1/log/head', 'log'],
  ['groups/1/snapshots/received', 'snapshot'],
  ['manifest', 'backup manifest'],
  ['somewhere/else', 'of nobody'],
])('%s is: %s', (path, kind) => expect(kindOf(path).name).toBe(kind));

test('a needle is found once for each time it stands there, also across pieces', () => {
  const search = new NeedleSearch([
    { line: 1, bytes: Buffer.from('needle') },
    { line: 2, bytes: Buffer.from('a longer needle') },
  ]);
  for (const piece of ['xxneed', 'leneedle a lo', 'nger nee', 'dle']) search.take(Buffer.from(piece));
  expect([...search.hits]).toEqual([
    [1, 3],
    [2, 1],
  ]);
});

test('needles are text or digits, one a line, and none so short that chance finds it', async () => {
  const path = join(folder, 'needles');
  await writeFile(path, 'first needle\r\n\nhex:000102030405\n');
  expect(await readNeedles(path)).toEqual([
    { line: 1, bytes: Buffer.from('first needle') },
    { line: 3, bytes: Buffer.from([0, 1, 2, 3, 4, 5]) },
  ]);
  await writeFile(path, 'fine needle\nshort\n');
  await expect(readNeedles(path)).rejects.toThrow('line 2');
  await expect(readNeedles(join(folder, 'none'))).rejects.toThrow('INVALID_ARGUMENT');
});

test('a file that reads like text is named, one of noise is not', async () => {
  await writeFile(join(folder, 'words'), 'all of this is text. '.repeat(1000));
  await writeFile(join(folder, 'noise'), randomBytes(20_000));
  await writeFile(join(folder, 'node.json'), '{ "it": "may" }'.repeat(200));
  const progress: number[] = [];
  const onBytes = (done: number) => void progress.push(done);
  const files = await scanFiles(folder, { needles: [], onBytes, signal: new AbortController().signal });
  expect(files.map(({ path, readsLikeText }) => [path, readsLikeText])).toEqual([
    ['node.json', false],
    ['noise', false],
    ['words', true],
  ]);
  expect(files[1]!.entropy).toBeGreaterThan(7.5);
  expect(files[2]!.entropy).toBeLessThan(5);
  expect(progress.at(-1)).toBe(files.reduce((sum, { bytes }) => sum + bytes, 0));
});

test('a moment is a date or so long ago', () => {
  expect(momentOf('90s', 100_000)).toBe(10_000);
  expect(momentOf('1970-01-02', 0)).toBe(86_400_000);
  expect(() => momentOf('soon', 0)).toThrow('INVALID_ARGUMENT');
});
