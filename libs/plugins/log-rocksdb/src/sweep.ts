import type { Database } from './database.js';
import type { LogState } from './log-state.js';
import { FIRST_RECORD, recordKey } from './records.js';

const DELETES_PER_BATCH = 1024;

/** Deletes what a compaction or reset left below the first record, if it was interrupted. */
export async function sweepLeftovers(database: Database, { generation, start }: LogState): Promise<void> {
  const end = recordKey(generation, start.index + 1);
  const rows = database.rows({ gte: FIRST_RECORD, lt: end, values: false, fillCache: false });
  try {
    await deleteAll(database, () => rows.next().then((row) => row?.[0]));
  } finally {
    await rows.end();
  }
}

export interface RecordRange {
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** Deletes records that the durable state row has disowned already: nothing depends on when that lasts. */
export async function sweep(database: Database, { generation, from, to }: RecordRange): Promise<void> {
  let index = from;
  await deleteAll(database, () => (index > to ? undefined : recordKey(generation, index++)));
}

type NextKey = () => Buffer | undefined | Promise<Buffer | undefined>;

async function deleteAll(database: Database, next: NextKey): Promise<void> {
  let batch = database.batch();
  let deletes = 0;
  for (let key = await next(); key !== undefined; key = await next()) {
    batch.del(key);
    deletes += 1;
    if (deletes < DELETES_PER_BATCH) continue;
    await database.write(batch, false);
    batch = database.batch();
    deletes = 0;
  }
  if (deletes > 0) await database.write(batch, false);
}
