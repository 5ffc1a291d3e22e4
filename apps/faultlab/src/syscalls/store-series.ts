import { fromUtf8, toUtf8 } from '@caisson/base';
import type { UntrustedStore } from '@caisson/contracts';
import { RocksdbStores } from '@caisson/store-rocksdb';
import { join } from 'node:path';
import type { Series } from './series.js';
import { firstInDoubt, type Steps, type Told } from './told.js';

type Rows = ReadonlyMap<string, string>;

/** So little that a run of some seconds fills several files, and merges them. */
const stores = new RocksdbStores({ writeBufferBytes: 64 * 1024 });
const STEPS = 48;
const KEYS = 9;
const PUTS = 4;
const VALUE_BYTES = 3_000;
/** Another life of the store in the same process begins with each. */
const STEPS_PER_OPEN = 20;
const LAST = 'zz';

/** Batches, synced and not, with merges between them, over a store that is closed and opened now and then. */
export const storeSeries: Series = {
  prepare: async (folder) => (await open(folder)).close(),
  async run(folder: string, steps: Steps): Promise<void> {
    for (let from = 0; from < STEPS && steps.failed === undefined; from += STEPS_PER_OPEN) {
      const store = await open(folder);
      for (let at = from; at < Math.min(from + STEPS_PER_OPEN, STEPS); at++) {
        if (isBatch(at)) await steps.take(at, () => write(store, at));
        else await steps.aside(at, () => store.compact());
      }
      if (from + STEPS_PER_OPEN < STEPS) await store.close();
    }
  },
  recover: async (folder) => (await open(folder)).close(),
  async judge(folder: string, told: Told): Promise<string | undefined> {
    const store = await open(folder);
    const found = await rowsOf(store);
    const broken = brokenStore(found, told);
    await store.batch().put(toUtf8(LAST), toUtf8('on')).write({ sync: true });
    const isOn = (await store.get(toUtf8(LAST))) !== undefined;
    await store.close();
    return broken ?? (isOn ? undefined : 'what is written is not read');
  },
};

/** The rows must be those of one moment, no earlier than the last batch that was promised to stay. */
export function brokenStore(found: Rows, told: Told): string | undefined {
  const promised = told.acknowledged.filter(isSynced).at(-1) ?? -1;
  const begun = firstInDoubt(told) ?? told.acknowledged.at(-1) ?? -1;
  for (let last = begun; last >= promised; last--) if (equal(found, rowsAfter(last))) return undefined;
  for (let last = promised - 1; last >= -1; last--) {
    if (equal(found, rowsAfter(last)))
      return `the store is as after step ${last}, and step ${promised} was acknowledged`;
  }
  return `the ${found.size} rows are those of no moment between step ${promised} and step ${begun}`;
}

/** As it is once a step has been taken, and all before it. */
export function rowsAfter(last: number): Rows {
  const rows = new Map<string, string>();
  for (let at = 0; at <= last; at++) {
    if (!isBatch(at)) continue;
    for (const key of putsOf(at)) rows.set(key, valueOf(key, at));
    rows.delete(deletedBy(at));
  }
  return rows;
}

function open(folder: string): Promise<UntrustedStore> {
  return stores.open(join(folder, 'store'));
}

async function write(store: UntrustedStore, at: number): Promise<void> {
  const batch = store.batch();
  for (const key of putsOf(at)) batch.put(toUtf8(key), toUtf8(valueOf(key, at)));
  await batch.delete(toUtf8(deletedBy(at))).write({ sync: isSynced(at) });
}

function isBatch(at: number): boolean {
  return at % 12 !== 11;
}

function isSynced(at: number): boolean {
  return isBatch(at) && at % 3 !== 1;
}

function putsOf(at: number): readonly string[] {
  return Array.from({ length: PUTS }, (_, nth) => `row ${(at * 2 + nth) % KEYS}`);
}

function deletedBy(at: number): string {
  return `row ${(at * 5) % KEYS}`;
}

function valueOf(key: string, at: number): string {
  return `${key} of step ${at} `.padEnd(VALUE_BYTES, String(at % 10));
}

async function rowsOf(store: UntrustedStore): Promise<Rows> {
  const view = store.view();
  const rows = new Map<string, string>();
  const cursor = view.scan({ from: toUtf8('row'), to: toUtf8('row~') });
  for (let pairs = await cursor.next(); pairs.length > 0; pairs = await cursor.next()) {
    for (const { key, value } of pairs) rows.set(fromUtf8(key) ?? '', fromUtf8(value) ?? '');
  }
  await view.close();
  return rows;
}

function equal(one: Rows, other: Rows): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
