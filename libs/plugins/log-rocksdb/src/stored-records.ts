import type { CaissonError, LogEntry } from '@caisson/contracts';
import type { Database } from './database.js';
import { damage } from './faults.js';
import { type DecodedRecord, decodeRecord, recordKey } from './records.js';

const READ_AHEAD_BYTES = 1024 * 1024;

/** Entries `from`..`to` of one generation, cut as soon as they exceed `maxBytes` of data, but at least one. */
export interface StoredRange {
  readonly generation: number;
  readonly from: number;
  readonly to: number;
  readonly maxBytes: number;
}

/** The records as they are at the time of the call. */
export async function readEntries(database: Database, range: StoredRange): Promise<LogEntry[]> {
  const { generation, from, to, maxBytes } = range;
  const rows = database.rows({
    gte: recordKey(generation, from),
    lt: recordKey(generation, to + 1),
    highWaterMark: Math.min(maxBytes, READ_AHEAD_BYTES),
  });
  const read: LogEntry[] = [];
  let bytes = 0;
  let crc: number | undefined;
  try {
    for (let index = from; index <= to; index++) {
      const row = await rows.next();
      if (!row?.[0].equals(recordKey(generation, index))) throw recordDamage(database, index, 'is missing');
      const record = intact(database, decodeRecord(generation, index, row[1]), index);
      if (record.previous !== (crc ?? record.previous)) {
        throw recordDamage(database, index, 'does not follow the one before');
      }
      crc = record.crc;
      bytes += record.entry.data.length;
      if (read.length > 0 && bytes > maxBytes) break;
      read.push(record.entry);
    }
  } finally {
    await rows.end();
  }
  return read;
}

/** The checksum that the record after `index` names as its previous. */
export async function checksumOf(database: Database, generation: number, index: number): Promise<number> {
  const value = await database.get(recordKey(generation, index));
  if (value === undefined) throw recordDamage(database, index, 'is missing');
  return intact(database, decodeRecord(generation, index, value), index).crc;
}

function intact(database: Database, record: DecodedRecord | undefined, index: number): DecodedRecord {
  if (record === undefined) throw recordDamage(database, index, 'fails its checksum');
  return record;
}

export function recordDamage(database: Database, index: number, problem: string): CaissonError {
  return damage(database.path, `the record of entry ${index} ${problem}`);
}
