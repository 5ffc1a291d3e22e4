import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UntrustedStore } from '@caisson/contracts';
import { RocksdbStores } from './rocksdb-stores.js';

const ROWS = 3_000;
const OLD = 'what stood here in the clear';

let folder: string;
let store: UntrustedStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caisson-scrub-'));
  store = await new RocksdbStores({ writeBufferBytes: 1024 * 1024 }).open(folder);
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function fill(text: string): Promise<void> {
  for (let first = 0; first < ROWS; first += 100) {
    const batch = store.batch();
    for (let at = first; at < first + 100; at++) {
      const key = Buffer.concat([Buffer.from([0x02]), Buffer.from(String(at).padStart(8, '0'))]);
      batch.put(key, Buffer.from(`${text} ${at} `.repeat(20)));
    }
    await batch.write({ sync: false });
  }
}

async function isFound(text: string): Promise<boolean> {
  const files = await readdir(join(folder, 'db'));
  const contents = await Promise.all(
    files.map((file) => readFile(join(folder, 'db', file)).catch(() => Buffer.alloc(0))),
  );
  return contents.some((bytes) => bytes.includes(text));
}

test('values that sank to the lowest files while a reader saw them are gone once it has left', async () => {
  await fill(OLD);
  const view = store.view();
  expect(await view.get(Buffer.from('\x0200000007'))).toBeDefined();
  await fill('sealed');
  await store.compact();
  expect(await isFound(OLD)).toBe(true);
  await view.close();
  await store
    .batch()
    .put(Buffer.from([0x01]), Buffer.from('applied'))
    .write({ sync: true });
  await store.scrub!();
  expect(await isFound(OLD)).toBe(false);
  expect(await isFound('sealed')).toBe(true);
});

test('it gives up waiting for a reader when it is told to', async () => {
  const view = store.view();
  const control = new AbortController();
  const scrubbed = store.scrub!(control.signal);
  control.abort(new RangeError('enough'));
  await expect(scrubbed).rejects.toThrow('enough');
  await view.close();
});

test('a store that closes closes its views, and whoever waited for them is told', async () => {
  store.view();
  const told = expect(store.scrub!()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  await store.close();
  await told;
});
