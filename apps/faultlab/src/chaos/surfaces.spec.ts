import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MARK } from './registers.js';
import { Surfaces } from './surfaces.js';

const VALUE = Buffer.from(`before ${MARK}00000001 behind`);

test('a value that passes a wire is seen, however it is cut', () => {
  for (const size of [1, 2, 5, 7, 13, 14, VALUE.length]) {
    const surfaces = new Surfaces();
    const see = surfaces.wire('the wire to n1');
    for (let at = 0; at < VALUE.length; at += size) see(VALUE.subarray(at, at + size));
    expect(surfaces.findings).toEqual([{ rule: 'E5', atMs: 0, text: 'a value passes the wire to n1' }]);
    expect(surfaces.bytesSearched).toBe(VALUE.length);
  }
});

test('halves of a value on two wires are no value', () => {
  const surfaces = new Surfaces();
  surfaces.wire('one')(VALUE.subarray(0, 12));
  surfaces.wire('another')(VALUE.subarray(12));
  expect(surfaces.findings).toEqual([]);
});

test('a value in any file below a folder is seen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'faultlab-surfaces-'));
  const surfaces = new Surfaces();
  await writeFile(join(folder, 'sealed'), 'nothing of it');
  await surfaces.searchFolder('n1', folder);
  expect(surfaces.findings).toEqual([]);
  await writeFile(join(folder, 'clear'), VALUE);
  await surfaces.searchFolder('n1', folder);
  expect(surfaces.findings.map(({ text }) => text)).toEqual(['a value stands in clear of n1']);
  await rm(folder, { recursive: true });
});
