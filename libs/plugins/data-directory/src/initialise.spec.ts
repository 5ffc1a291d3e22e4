import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeDisk, NodeRandom } from '@caisson/platform-node';
import { HeldDirectory } from './held-directory.js';
import { initialiseDirectory } from './initialise.js';

const INITIALISER = join(import.meta.dirname, '..', 'testdata', 'initialiser.mjs');
const disk = new NodeDisk();
const random = new NodeRandom();
let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'caisson-init-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const wanted = (path: string) => ({ disk, random, path, name: 'node-1', birth: 'encrypted' as const });

async function opened(path: string): Promise<HeldDirectory> {
  const directory = new HeldDirectory(disk, path);
  await directory.open();
  return directory;
}

test('a node is made in a directory that does not exist yet, and says who it is when opened', async () => {
  const path = join(parent, 'a', 'b');
  const identity = await initialiseDirectory(wanted(path));
  expect(identity).toMatchObject({ name: 'node-1', birth: 'encrypted', format: 1 });
  const directory = await opened(path);
  expect(directory.identity).toEqual(identity);
  await directory.close();
  expect(readdirSync(path).sort()).toEqual(['LOCK', 'node.json']);
  expect(statSync(join(path, 'node.json')).mode & 0o777).toBe(0o600);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('cluster ids are fresh unless one is given', async () => {
  const first = await initialiseDirectory(wanted(join(parent, 'first')));
  const second = await initialiseDirectory(wanted(join(parent, 'second')));
  expect(first.clusterId).toHaveLength(16);
  expect(second.clusterId).not.toEqual(first.clusterId);
  const third = await initialiseDirectory({ ...wanted(join(parent, 'third')), clusterId: first.clusterId });
  expect(third.clusterId).toEqual(first.clusterId);
});

test('a node made to join is of its cluster, born like it, and remembers that it founds nothing', async () => {
  const path = join(parent, 'joining');
  const cluster = { clusterId: new Uint8Array(16).fill(7), birth: 'clear' as const, format: 1 };
  const identity = await initialiseDirectory({ disk, random, path, name: 'n2', cluster });
  expect(identity).toEqual({
    name: 'n2',
    clusterId: cluster.clusterId,
    format: 1,
    birth: 'clear',
    joined: true,
  });
  const directory = await opened(path);
  expect(directory.identity).toEqual(identity);
  await directory.close();
  const text = readFileSync(join(path, 'node.json'), 'utf8');
  writeFileSync(join(path, 'node.json'), text.replace(/\s*"joined": true,/, ''));
  await expect(opened(path)).rejects.toMatchObject({
    code: 'DIRECTORY_FORMAT',
    details: { problem: 'check' },
  });
});

test('a node does not join a cluster whose format it cannot read', async () => {
  const cluster = { clusterId: new Uint8Array(16), birth: 'clear' as const, format: 2 };
  const refused = initialiseDirectory({ disk, random, path: join(parent, 'node'), name: 'n2', cluster });
  await expect(refused).rejects.toMatchObject({ code: 'DIRECTORY_FORMAT' });
  expect(readdirSync(parent)).toEqual([]);
});

test('a node, a foreign file and a foreign directory are left as they are', async () => {
  const node = join(parent, 'node');
  await initialiseDirectory(wanted(node));
  const before = readFileSync(join(node, 'node.json'));
  await expect(initialiseDirectory(wanted(node))).rejects.toMatchObject({ code: 'DIRECTORY_NOT_EMPTY' });
  expect(readFileSync(join(node, 'node.json'))).toEqual(before);

  const foreign = join(parent, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'diary.txt'), 'dear diary');
  chmodSync(foreign, 0o755);
  await expect(initialiseDirectory(wanted(foreign))).rejects.toMatchObject({
    code: 'DIRECTORY_NOT_EMPTY',
    details: { path: foreign, found: 'diary.txt' },
  });
  expect(readdirSync(foreign)).toEqual(['diary.txt']);
  const file = join(foreign, 'diary.txt');
  await expect(initialiseDirectory(wanted(file))).rejects.toMatchObject({ code: 'DIRECTORY_NOT_EMPTY' });
});

test.each([[''], ['x'.repeat(129)], ['tab\there'], ['\ud800']])(
  'the name %j is refused before anything is made',
  async (name) => {
    const path = join(parent, 'node');
    const refused = { code: 'INVALID_ARGUMENT', details: { field: 'name', limit: 128 } };
    await expect(initialiseDirectory({ ...wanted(path), name })).rejects.toMatchObject(refused);
    expect(readdirSync(parent)).toEqual([]);
  },
);

test('a cluster id of the wrong length is refused', async () => {
  const refused = initialiseDirectory({ ...wanted(join(parent, 'node')), clusterId: new Uint8Array(15) });
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'clusterId' } });
});

test('killed before any of its steps, it leaves a whole node or what the next attempt takes over', async () => {
  let killed = 0;
  let whole = 0;
  for (let step = 1; ; step++) {
    const path = join(parent, String(step), 'data');
    const { signal, stdout } = spawnSync(process.execPath, [INITIALISER, path, String(step)], {
      encoding: 'utf8',
    });
    if (signal === null) {
      expect(stdout).toBe(`done in ${step - 1}\n`);
      break;
    }
    killed++;
    const directory = new HeldDirectory(disk, path);
    const isWhole = await directory.open().then(
      () => true,
      (error: { code: string }) => {
        expect(error.code).toBe('DIRECTORY_NOT_INITIALIZED');
        return false;
      },
    );
    if (isWhole) whole++;
    else await initialiseDirectory(wanted(path)).then(() => directory.open());
    expect(directory.identity.name).toBe(isWhole ? 'a' : 'node-1');
    await directory.close();
    expect(readdirSync(path).sort()).toEqual(['LOCK', 'node.json']);
  }
  expect(killed).toBeGreaterThan(10);
  expect(whole).toBeGreaterThan(0);
  expect(whole).toBeLessThan(killed);
});

test('a step that fails leaves no temporary file behind', async () => {
  const path = join(parent, 'node');
  const failing = Object.create(disk) as NodeDisk;
  failing.rename = () => Promise.reject(new Error('planted'));
  await expect(initialiseDirectory({ ...wanted(path), disk: failing })).rejects.toThrow('planted');
  expect(readdirSync(path)).toEqual(['LOCK']);
  await initialiseDirectory(wanted(path));
});
