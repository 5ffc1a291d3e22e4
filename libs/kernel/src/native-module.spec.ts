import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nativeModuleProblem } from './native-module.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caisson-native-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const problemOf = (name: string) => nativeModuleProblem(name, pathToFileURL(join(directory, 'x.js')).href);

test('a module that ends the process is a sentence, and the process goes on', async () => {
  await writeFile(join(directory, 'ends.cjs'), 'process.abort();\n');
  expect(problemOf('./ends.cjs')).toBe(
    `./ends.cjs does not load in Node.js ${process.versions.node} on this machine (SIGABRT).`,
  );
});

test('one that loads, and one that is nowhere, are no problem here', async () => {
  await writeFile(join(directory, 'loads.cjs'), 'module.exports = 1;\n');
  expect(problemOf('./loads.cjs')).toBeUndefined();
  expect(problemOf('nowhere')).toBeUndefined();
});
