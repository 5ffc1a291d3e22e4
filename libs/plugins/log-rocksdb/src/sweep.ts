import type { Database } from '@caisson/disk';
import { recordKey } from './records.js';
import type { RecordRange } from './stored-records.js';

const DELETES_PER_BATCH = 1024;

/** Deletes records that the durable state row has disowned already: nothing depends on when that lasts. */
export async function sweep(database: Database, { generation, from, to }: RecordRange): Promise<void> {
  for (let index = from; index <= to; ) {
    const batch = database.batch();
    const end = Math.min(to, index + DELETES_PER_BATCH - 1);
    for (; index <= end; index++) batch.del(recordKey(generation, index));
    await database.write(batch, false);
  }
}
