import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runVectors } from './vectors.js';

const OWN = resolve(import.meta.dirname, '../../../libs/formats/testdata/v1/vectors.json');
let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-vectors-'))));
afterEach(() => rm(folder, { recursive: true }));

async function judge(text: string): Promise<{ code: number; lines: string[] }> {
  const path = join(folder, 'vectors.json');
  await writeFile(path, text);
  const lines: string[] = [];
  return { code: runVectors([path], (line) => lines.push(line)), lines };
}

test('our own vectors agree', async () => {
  expect(readdirSync(resolve(OWN, '..'))).toContain('vectors.json');
  const { code, lines } = await judge(await readFile(OWN, 'utf8'));
  expect(lines).toEqual([expect.stringMatching(/^ok \d{2,} bad 0$/)]);
  expect(code).toBe(0);
});

test('an edited byte, an unknown section, nothing to check and no file at all are failures', async () => {
  const text = await readFile(OWN, 'utf8');
  const edited = await judge(text.replace(/"envelope": "01/, '"envelope": "02'));
  expect(edited.code).toBe(1);
  expect(edited.lines.at(-1)).not.toMatch(/bad 0$/);
  expect(await judge('{"surprises": []}')).toMatchObject({
    code: 1,
    lines: [expect.any(String), 'ok 0 bad 1'],
  });
  expect(await judge('{}')).toEqual({ code: 1, lines: ['ok 0 bad 0'] });
  expect(await judge('not json')).toMatchObject({ code: 1 });
  expect(runVectors([join(folder, 'none.json')], () => undefined)).toBe(1);
  expect(runVectors([], () => undefined)).toBe(64);
});
