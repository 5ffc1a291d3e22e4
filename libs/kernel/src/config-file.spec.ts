import { definePlugin } from '@caisson/contracts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyOverrides, choosePlugins, readConfigFile } from './index.js';

const plain = (id: string) => definePlugin({ id, contracts: 1, services: () => [] });
const directory = join(import.meta.dirname, 'testdata');
const sources = { defaults: [plain('store-a'), plain('engine-a')], optional: [plain('store-b')], directory };

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'caisson-config-'))));
afterEach(() => rm(folder, { recursive: true }));

test('YAML and JSON are read, what is neither is refused with its line', async () => {
  const write = async (text: string) => {
    const path = join(folder, 'config.yaml');
    await writeFile(path, text);
    return readConfigFile(path);
  };
  await expect(write('store-a: { cacheBytes: 5 }')).resolves.toEqual({ 'store-a': { cacheBytes: 5 } });
  await expect(write('{"store-a": false}')).resolves.toEqual({ 'store-a': false });
  await expect(write('')).resolves.toEqual({});
  await expect(write('a: [')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(write('- a')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(readConfigFile(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
});

test('overrides reach nested fields with typed values and leave the document alone', () => {
  const document = { 'store-a': { cacheBytes: 5 } };
  expect(applyOverrides(document, ['store-a.cacheBytes=7', 'x.y.z=true', 'x.t=a=b'])).toEqual({
    'store-a': { cacheBytes: 7 },
    x: { y: { z: true }, t: 'a=b' },
  });
  expect(document).toEqual({ 'store-a': { cacheBytes: 5 } });
  expect(() => applyOverrides({}, ['nonsense', '=1', '__proto__.x=1', 'a..b=1'])).toThrow(
    /nonsense.*__proto__/s,
  );
});

test('built-in plugins run unless left out, optional ones when named, others by package or file', async () => {
  const { plugins, sections } = await choosePlugins(
    { 'store-a': false, 'store-b': { x: 1 }, 'test-ok': { use: './plugin-ok.mjs', y: 2 } },
    sources,
  );
  expect(plugins.map((plugin) => plugin.id)).toEqual(['engine-a', 'store-b', 'test-ok']);
  expect(sections).toEqual({ 'store-b': { x: 1 }, 'test-ok': { y: 2 } });
});

test('sections that lead nowhere are all reported at once', async () => {
  const document = {
    'store-x': {},
    'kek-y': { use: '@acme/not-installed' },
    'kek-z': { use: './plugin-none.mjs' },
    'kek-w': { use: './plugin-ok.mjs' },
  };
  const failure = await choosePlugins(document, sources).catch((error) => error);
  expect(failure.code).toBe('PLUGIN_NOT_FOUND');
  expect(failure.details.problems).toEqual([
    expect.stringContaining('store-x: not built in'),
    expect.stringContaining('PLUGIN_NOT_FOUND'),
    expect.stringContaining('PLUGIN_INVALID'),
    expect.stringContaining('kek-w: ./plugin-ok.mjs is the plugin test-ok'),
  ]);
});
