import { join } from 'node:path';
import RocksDb from 'rocksdb';

const VERSIONS_TABLE = 0x02;

/** A stored version, as it lies on the disk. */
export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

export type Tampering = (rows: readonly Row[]) => readonly Row[];

/** Opens the store of a stopped node with the bare binding and changes what lies in it. */
export async function tamper(dataDir: string, change: Tampering): Promise<void> {
  const database = new RocksDb(join(dataDir, 'groups', '1', 'store', 'db'));
  const settle = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  await settle((done) => database.open({}, done));
  const rows: Row[] = [];
  const iterator = database.iterator();
  iterator.seek(Buffer.from([VERSIONS_TABLE]));
  for (;;) {
    const row = await new Promise<Row | undefined>((resolve, reject) =>
      iterator.next((error, key, value) => (error ? reject(error) : resolve(key && { key, value: value! }))),
    );
    if (!row || row.key[0] !== VERSIONS_TABLE) break;
    rows.push(row);
  }
  await settle((done) => iterator.end(done));
  const batch = database.batch();
  for (const { key, value } of change(rows)) batch.put(key, value);
  await settle((done) => batch.write({ sync: true }, done));
  await settle((done) => database.close(done));
}

export function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}
