import { CaissonError } from '@caisson/contracts';
import { cp, mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf, plannedContents } from './testdata/contents.js';
import { killedWriter } from './testdata/killed.js';
import { stores, writePlanned } from './testdata/planned.js';

const BATCHES = 1202;

interface Built {
  /** Closed in good order. */
  readonly closed: string;
  /** Left behind by a process that was killed; its last few batches are not synced. */
  readonly crashed: string;
  readonly lastSynced: number;
}

async function buildStores(): Promise<Built> {
  const [closed, crashed] = [join(folder, 'closed'), join(folder, 'crashed')];
  for (const [first, last] of [
    [1, 500],
    [501, BATCHES],
  ] as const) {
    const store = await stores.open(closed);
    for (let number = first; number <= last; number++) await writePlanned(store, number);
    await store.close();
  }
  await killedWriter(crashed, { first: 1, last: 500, after: 500 });
  const { synced } = await killedWriter(crashed, { first: 501, last: BATCHES, after: BATCHES });
  return { closed, crashed, lastSynced: synced };
}

let folder: string;
let built: Built;
/**
 * What may be read, by what was done to the store before: a crash may have lost batches that were not
 * synced.
 */
let allowed: { closed: ReadonlyMap<string, number>; crashed: ReadonlyMap<string, number> };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caisson-store-damage-'));
  built = await buildStores();
  allowed = {
    closed: plannedContents(BATCHES, BATCHES),
    crashed: plannedContents(built.lastSynced, BATCHES),
  };
});

afterAll(() => rm(folder, { recursive: true, force: true }));

type Form = 'closed' | 'crashed';
const FORMS: readonly Form[] = ['closed', 'crashed'];

/**
 * Files whose damage is of no consequence hold no data: a log for people, a lock, options that are not
 * read.
 */
async function files(form: Form, kind: RegExp): Promise<string[]> {
  const names = (await readdir(join(built[form], 'db'))).map((name) => join('db', name));
  return [...names, 'head'].filter((name) => kind.test(name));
}

/** The number of batches that a damaged copy shows, or the code that refuses it. */
async function outcome(form: Form, harm: (directory: string) => Promise<void>): Promise<number | string> {
  const copy = join(folder, 'copy');
  await cp(built[form], copy, { recursive: true });
  try {
    await harm(copy);
    return allowed[form].get(await contentOf(copy)) ?? 'DIFFERENT';
  } catch (error) {
    return error instanceof CaissonError ? error.code : String(error);
  } finally {
    await rm(copy, { recursive: true });
  }
}

const isSound = (result: number | string): boolean => typeof result === 'number' || result === 'CORRUPTION';

/** Both ends closely, and what lies between at `between` places. */
function places(bytes: number, between: number): number[] {
  const at = new Set<number>();
  for (let near = 0; near < Math.min(70, bytes); near += 7) at.add(near).add(bytes - 1 - near);
  for (let index = 0; index < between; index++) at.add(Math.floor((bytes * index) / between));
  return [...at];
}

async function flippedEverywhere(form: Form, file: string, between: number): Promise<unknown[]> {
  const whole = await readFile(join(built[form], file));
  const unsound: unknown[] = [];
  for (const at of places(whole.length, between)) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << at % 8;
    const result = await outcome(form, (copy) => writeFile(join(copy, file), flipped));
    if (!isSound(result)) unsound.push({ file, at, result });
  }
  return unsound;
}

test('the stores to be damaged have tables and a log, and read as what was written', async () => {
  for (const form of FORMS) {
    // How many is up to compactions, which run when they like.
    expect((await files(form, /sst$/)).length).toBeGreaterThan(0);
    expect((await files(form, /log$/)).length).toBeGreaterThan(0);
    expect(await outcome(form, async () => undefined)).toBe(BATCHES);
  }
});

describe.each(FORMS)('a %s store', (form) => {
  test.each([
    ['table files', /sst$/, 30],
    ['write-ahead logs', /log$/, 60],
    ['the manifest', /MANIFEST/, 60],
    ['CURRENT', /CURRENT/, 20],
    ['the head', /head$/, 24],
  ])('a flipped bit in %s is noticed, or changes nothing', async (_, kind, between) => {
    for (const file of await files(form, kind))
      expect(await flippedEverywhere(form, file, between)).toEqual([]);
  });

  test('a file cut short is noticed, or loses nothing that was synced', async () => {
    for (const file of await files(form, /sst$|log$|MANIFEST|CURRENT|head$/)) {
      const { length } = await readFile(join(built[form], file));
      for (const part of [0, 1, length >> 2, length >> 1, length - 60, length - 1]) {
        if (part < 0 || part >= length) continue;
        const result = await outcome(form, (copy) => truncate(join(copy, file), part));
        expect({ file, part, result, isSound: isSound(result) }).toMatchObject({ isSound: true });
      }
    }
  });

  test('a manifest that ends between two of its records is noticed, or loses nothing that was synced', async () => {
    for (const file of await files(form, /MANIFEST/)) {
      for (const end of recordEnds(await readFile(join(built[form], file)))) {
        const result = await outcome(form, (copy) => truncate(join(copy, file), end));
        expect({ file, end, result, isSound: isSound(result) }).toMatchObject({ isSound: true });
      }
    }
  });

  test.each([/sst$/, /log$/, /MANIFEST/, /CURRENT/, /head$/])(
    'a missing file is noticed, unless a crash had left it over: %s',
    async (kind) => {
      const results: (number | string)[] = [];
      for (const file of await files(form, kind)) {
        results.push(await outcome(form, (copy) => unlink(join(copy, file))));
      }
      expect(results).toContain('CORRUPTION');
      expect(results.filter((result) => result !== 'CORRUPTION' && result !== BATCHES)).toEqual([]);
    },
  );

  test('a missing database is noticed', async () => {
    expect(await outcome(form, (copy) => rm(join(copy, 'db'), { recursive: true }))).toBe('CORRUPTION');
  });
});

test('damage is noticed again at the next opening', async () => {
  for (const file of await files('closed', /sst$|log$|MANIFEST|CURRENT|head$/)) {
    const result = await outcome('closed', async (copy) => {
      const whole = await readFile(join(copy, file));
      whole[whole.length >> 1]! ^= 4;
      await writeFile(join(copy, file), whole);
      await expect(contentOf(copy)).rejects.toMatchObject({ code: 'CORRUPTION' });
    });
    expect({ file, result }).toEqual({ file, result: 'CORRUPTION' });
  }
});

test('a log that ends between two batches that were not synced is what a crash leaves, and nothing shorter is', async () => {
  const [log] = (await files('crashed', /log$/)).slice(-1);
  const ends = recordEnds(await readFile(join(built.crashed, log!)));
  const found: (number | string)[] = [];
  for (const end of ends.slice(-12))
    found.push(await outcome('crashed', (copy) => truncate(join(copy, log!), end)));
  const { lastSynced } = built;
  const intact = Array.from({ length: BATCHES - lastSynced + 1 }, (_, index) => lastSynced + index);
  expect(found).toEqual([...Array<string>(12 - intact.length).fill('CORRUPTION'), ...intact]);
});

/**
 * Where records end in a log or manifest of RocksDB: `crc u32 ‖ length u16 le ‖ type u8 ‖ data`, in blocks
 * of 32 KiB.
 */
function recordEnds(log: Buffer): number[] {
  const [full, last] = [1, 4];
  const ends: number[] = [];
  for (let at = 0; at + 7 <= log.length; ) {
    const leftInBlock = 32 * 1024 - (at % (32 * 1024));
    if (leftInBlock < 7) {
      at += leftInBlock;
      continue;
    }
    const type = log[at + 6]!;
    at += 7 + log.readUInt16LE(at + 4);
    if (type === full || type === last) ends.push(at);
  }
  return ends;
}
