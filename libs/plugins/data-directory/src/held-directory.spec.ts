import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory, Disk } from '@caisson/contracts';
import { NodeDisk, NodeRandom } from '@caisson/platform-node';
import { HeldDirectory } from './held-directory.js';
import { initialiseDirectory } from './initialise.js';
import { decodeNodeFile, encodeNodeFile } from './node-file.js';
import { dataDirectory as plugin } from './plugin.js';

const disk = new NodeDisk();
const identity = {
  name: 'n\u00f8de',
  clusterId: new Uint8Array(16).fill(7),
  format: 1,
  birth: 'clear' as const,
};
let path: string;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'caisson-directory-'));
  await initialiseDirectory({ disk, random: new NodeRandom(), path, name: 'a', birth: 'clear' });
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const contents = (root: string): string[] => (readdirSync(root, { recursive: true }) as string[]).sort();

test('every path lies inside the directory', async () => {
  const directory = new HeldDirectory(disk, path);
  await directory.open();
  expect(directory.encryptionPath).toBe(join(path, 'encryption'));
  expect(directory.group(3)).toEqual({
    log: join(path, 'groups', '3', 'log'),
    store: join(path, 'groups', '3', 'store'),
    snapshots: join(path, 'groups', '3', 'snapshots'),
  });
  await directory.close();
});

test('a second holder is refused until the first one closed', async () => {
  const first = new HeldDirectory(disk, path);
  const second = new HeldDirectory(disk, path);
  await first.open();
  await expect(second.open()).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
  await first.close();
  await second.open();
  await second.close();
});

test('a missing and an empty directory hold no node, and stay as they are', async () => {
  const empty = join(path, 'empty');
  mkdirSync(empty);
  for (const place of [empty, join(path, 'missing'), join(path, 'node.json', 'below')]) {
    await expect(new HeldDirectory(disk, place).open()).rejects.toMatchObject({
      code: 'DIRECTORY_NOT_INITIALIZED',
      details: { path: place },
    });
  }
  expect(contents(empty)).toEqual([]);
  expect(readdirSync(path)).not.toContain('missing');
});

test('a node of a newer format is refused, its directory unchanged, and free afterwards', async () => {
  const node = JSON.parse(readFileSync(join(path, 'node.json'), 'utf8')) as object;
  const newer = JSON.stringify({ ...node, format: 2, more: true });
  writeFileSync(join(path, 'node.json'), newer);
  const before = contents(path).filter((name) => !name.startsWith('LOCK'));
  await expect(new HeldDirectory(disk, path).open()).rejects.toMatchObject({
    code: 'DIRECTORY_FORMAT',
    details: { format: 2, newest: 1 },
  });
  expect(contents(path).filter((name) => !name.startsWith('LOCK'))).toEqual(before);
  expect(readFileSync(join(path, 'node.json'), 'utf8')).toBe(newer);
  await (await disk.hold(join(path, 'LOCK'))).release();
});

test('a directory restored without its lock opens', async () => {
  rmSync(join(path, 'LOCK'), { recursive: true });
  const directory = new HeldDirectory(disk, path);
  await directory.open();
  await directory.close();
});

test('a FIFO in place of the node file is refused without blocking', async () => {
  rmSync(join(path, 'node.json'));
  execFileSync('mkfifo', [join(path, 'node.json')]);
  await expect(new HeldDirectory(disk, path).open()).rejects.toMatchObject({ code: 'DISK_ERROR' });
});

test('no flipped bit of a node file goes unnoticed', () => {
  const bytes = encodeNodeFile(identity);
  expect(decodeNodeFile(bytes)).toEqual(identity);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    let decoded: unknown;
    try {
      decoded = decodeNodeFile(flipped);
    } catch (error) {
      expect(error).toMatchObject({ code: 'DIRECTORY_FORMAT' });
      continue;
    }
    expect(decoded).toEqual(identity);
  }
});

test.each([
  ['not JSON', '{'],
  ['not an object', '[]'],
  ['no format', '{}'],
  ['a fractional format', '{"format":1.5}'],
  ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['empty', ''],
])('%s is damage', (_, text) => {
  expect(() => decodeNodeFile(Buffer.from(text))).toThrow(
    expect.objectContaining({ code: 'DIRECTORY_FORMAT' }),
  );
});

test.each([
  ['an unknown member', { more: 1 }],
  ['an empty name', { name: '' }],
  ['an unknown birth', { birth: 'maybe' }],
  ['a short cluster id', { cluster_id: '00' }],
  ['another check', { check: '00000000' }],
])('%s is damage', (_, change) => {
  const file = { ...(JSON.parse(Buffer.from(encodeNodeFile(identity)).toString()) as object), ...change };
  expect(() => decodeNodeFile(Buffer.from(JSON.stringify(file)))).toThrow('DIRECTORY_FORMAT');
});

test('the identity before the start and a group without a number are bugs: DIRECTORY-1, DIRECTORY-2', () => {
  const directory = new HeldDirectory(disk, path);
  expect(() => directory.identity).toThrow('DIRECTORY-1');
  expect(() => directory.group(-1)).toThrow('DIRECTORY-2');
  expect(() => directory.group(Number.NaN)).toThrow('DIRECTORY-2');
});

test('the plugin starts on a relative path and frees the directory when it stops', async () => {
  const copy = mkdtempSync(join(process.cwd(), 'relative-'));
  try {
    cpSync(path, copy, { recursive: true });
    const services = plugin.services({ path: copy.slice(process.cwd().length + 1) });
    const [definition] = services;
    expect(definition!.provides).toBe(DataDirectory);
    expect(definition!.needs).toEqual({ disk: Disk });
    const directory = definition!.create(
      { disk },
      { degraded() {}, recovered() {}, fatal() {} },
    ) as HeldDirectory;
    expect(directory.path).toBe(copy);
    await definition!.start!(directory, new AbortController().signal);
    expect(directory.identity.name).toBe('a');
    await definition!.stop!(directory);
    await (await disk.hold(join(copy, 'LOCK'))).release();
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

test('the configuration is strict and has a default', async () => {
  const schema = plugin.config!['~standard'];
  expect(await schema.validate(undefined)).toEqual({ value: { path: '.caisson/data' } });
  expect(await schema.validate({ path: '/x' })).toEqual({ value: { path: '/x' } });
  expect(await schema.validate({ paht: '/x' })).toHaveProperty('issues');
  expect(await schema.validate({ path: '' })).toHaveProperty('issues');
});
