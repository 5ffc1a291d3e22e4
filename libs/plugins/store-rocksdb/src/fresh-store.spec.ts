import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RocksdbStores } from './rocksdb-stores.js';

const stores = new RocksdbStores();
const keyOf = (number: number) => Buffer.from(`\u0002row ${String(number).padStart(4, '0')}`, 'latin1');
const value = randomBytes(16 * 1024);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caisson-fresh-'));
  const store = await stores.open(directory, undefined, { fills: true });
  const batch = store.batch();
  for (let number = 0; number < 32; number++) batch.put(keyOf(number), value);
  await batch.write({ sync: true });
  await store.compact();
  await store.close();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function tables(): Promise<string[]> {
  const names = await readdir(join(directory, 'db'));
  return names.filter((name) => name.endsWith('.sst')).map((name) => join(directory, 'db', name));
}

test('a store that was filled a moment ago opens to what was put into it', async () => {
  const store = await stores.open(directory, undefined, { isFresh: true });
  for (let number = 0; number < 32; number++)
    expect(await store.get(keyOf(number))).toHaveLength(value.length);
  await store.close();
});

test('its tables are not read back, as they are at any other opening', async () => {
  for (const path of await tables()) {
    const file = await open(path, 'r+');
    await file.write(Buffer.of(0xff, 0xff), 0, 2, 20_000);
    await file.close();
  }
  const store = await stores.open(directory, undefined, { isFresh: true });
  await store.close();
  await expect(stores.open(directory)).rejects.toMatchObject({ code: 'CORRUPTION' });
});

test('a table that is missing is noticed all the same', async () => {
  for (const path of await tables()) await unlink(path);
  await expect(stores.open(directory, undefined, { isFresh: true })).rejects.toMatchObject({
    code: 'CORRUPTION',
  });
});
