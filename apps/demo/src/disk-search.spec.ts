import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { searchDisk } from './index.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-search-'))));
afterEach(() => rm(folder, { recursive: true }));

test('values are found wherever they stand, whole, and only those', async () => {
  const values = Array.from({ length: 500 }, (_, at) => `value number ${at} of many`);
  await mkdir(join(folder, 'deep'));
  await writeFile(join(folder, 'deep', 'a'), `noise${values[3]}noise${values[499]}`);
  await writeFile(join(folder, 'b'), values[7]!.slice(0, -1));
  await writeFile(join(folder, 'empty'), '');
  const result = await searchDisk(folder, values);
  expect(result).toMatchObject({ found: 2, needles: 500, places: ['deep/a'], files: 3 });
});

test('a value at the very end of a file is found, a short one is not looked for', async () => {
  await writeFile(join(folder, 'a'), `${'x'.repeat(10_000)}sixteen bytes ok`);
  expect(await searchDisk(folder, ['sixteen bytes ok', 'short'])).toMatchObject({ found: 1, needles: 1 });
});
