import type { StoreOpening } from '@caisson/contracts';
import { damage, Database, diskFault, type OpenOptions, syncEntries } from '@caisson/disk';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HeadFile, type Head } from './head-file.js';
import { FORMAT_KEY, FORMAT_VALUE, MARKER_END, MARKER_PREFIX, OPENED_KEY } from './hidden-rows.js';
import { surveyTables, tablesIn, verifyLiveTables } from './live-tables.js';
import { MarkerLedger } from './marker-ledger.js';
import { BatchDigest, decodeMarker, markerKey, markerValue, readIndex, type Marker } from './markers.js';
import { unflushedRows, type OpenedStore } from './rocksdb-store.js';

const NOTHING_YET: Head = { sequence: 0, digest: 0 };

/**
 * Opens the database at `<directory>/db`, verifies its table files unless they are fresh, and its history
 * against its markers and `<directory>/head`.
 *
 * A new store gets its head file first, then its database, then its first batch: a crash in between leaves
 * a head that promises nothing and a database that holds nothing. So a database without a head is one that
 * lost it.
 */
export async function openStore(
  directory: string,
  { isFresh, ...options }: OpenOptions & Pick<StoreOpening, 'isFresh'>,
  signal?: AbortSignal,
): Promise<OpenedStore> {
  const path = join(directory, 'db');
  if (!existsSync(path)) HeadFile.prepare(join(directory, 'head'), NOTHING_YET);
  const intact = isFresh === true ? await tablesIn(path) : await surveyTables(path, signal);
  const database = new Database(path);
  await database.open(options);
  let head: HeadFile | undefined;
  try {
    const opened = HeadFile.open(join(directory, 'head'));
    head = opened.file;
    await verifyLiveTables(database, intact);
    const last = await verifyHistory(database, opened.head);
    const waiting = unflushedRows(database);
    // What was found is in table files, hence durable, also what nobody had synced.
    if (last && waiting === 0) head.write({ sequence: last.sequence, digest: last.digest });
    const ledger = new MarkerLedger({
      last: last ?? { ...NOTHING_YET, floor: 1 },
      unflushedRows: waiting,
      settled: await openedBefore(database),
    });
    if (!last) {
      syncEntries(directory);
      await writeFormat(database, head, ledger);
    }
    return { database, head, ledger };
  } catch (error) {
    head?.close();
    await database.close();
    throw error;
  }
}

async function isEmpty(database: Database): Promise<boolean> {
  for await (const row of rows(database)) return row === undefined;
  return true;
}

/**
 * The newest marker, once nothing is missing between the oldest one and the head; `undefined` for a new
 * store.
 */
async function verifyHistory(database: Database, head: Head): Promise<Marker | undefined> {
  const { path } = database;
  let first: Marker | undefined;
  let last: Marker | undefined;
  for await (const { key, value } of rows(database, MARKER_PREFIX, MARKER_END)) {
    const marker = decodeMarker(key, value);
    if (!marker) throw damage(path, 'holds a marker that is none');
    if (last && (marker.sequence !== last.sequence + 1 || marker.previous !== last.digest)) {
      throw damage(path, `lost batches after number ${last.sequence}`);
    }
    first ??= marker;
    last = marker;
  }
  if (!first || !last) {
    if (head.sequence > 0 || !(await isEmpty(database))) throw damage(path, 'lost all of its markers');
    return undefined;
  }
  if (first.sequence !== last.floor) throw damage(path, `lost batches before number ${first.sequence}`);
  if (last.sequence < head.sequence) throw damage(path, `ends at batch ${last.sequence} of ${head.sequence}`);
  await verifyHead(database, head);
  await verifyFormat(database);
  return last;
}

/**
 * The batch the head speaks of is the one in the database, unless its marker was removed in the meantime.
 */
async function verifyHead(database: Database, head: Head): Promise<void> {
  const value = await database.get(markerKey(head.sequence));
  if (!value) return;
  const marker = decodeMarker(markerKey(head.sequence), value);
  if (marker?.digest !== head.digest)
    throw damage(database.path, `has another batch ${head.sequence} than its head`);
}

async function verifyFormat(database: Database): Promise<void> {
  const format = await database.get(FORMAT_KEY);
  if (format && FORMAT_VALUE.equals(format)) return;
  throw damage(database.path, format ? 'has a layout this build does not know' : 'lost its first batch');
}

/** How far the store reached at the last opening that was followed by a batch. */
async function openedBefore(database: Database): Promise<number> {
  const value = await database.get(OPENED_KEY);
  if (!value) return 0;
  if (value.length !== 8) throw damage(database.path, 'does not say how far it reached');
  return readIndex(value, 0);
}

async function writeFormat(database: Database, head: HeadFile, ledger: MarkerLedger): Promise<void> {
  const digest = new BatchDigest();
  digest.add(FORMAT_KEY, FORMAT_VALUE);
  const marker = ledger.next((sequence, previous) => digest.chained(sequence, previous));
  const batch = database.batch().put(FORMAT_KEY, FORMAT_VALUE);
  batch.put(markerKey(marker.sequence), markerValue(marker));
  await database.write(batch, true);
  ledger.wrote(marker, 2);
  head.write({ sequence: marker.sequence, digest: marker.digest });
}

async function* rows(
  database: Database,
  from?: Buffer,
  to?: Buffer,
): AsyncGenerator<{ key: Buffer; value: Buffer }> {
  const iterator = database.iterator({});
  try {
    if (from) iterator.seek(from);
    for (;;) {
      const row = await new Promise<{ key: Buffer; value: Buffer } | undefined>((resolve, reject) => {
        iterator.next((error, key, value) => {
          if (error) reject(diskFault(error, { operation: 'read', path: database.path }));
          else resolve(key && { key, value: value! });
        });
      });
      if (!row || (to && Buffer.compare(row.key, to) >= 0)) return;
      yield row;
    }
  } finally {
    await new Promise<void>((resolve) => iterator.end(() => resolve()));
  }
}
