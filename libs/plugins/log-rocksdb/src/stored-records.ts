import type { CaissonError, LogEntry } from '@caisson/contracts';
import { damage, type Database } from '@caisson/disk';
import { type DecodedRecord, decodeRecord, recordKey } from './records.js';

/** How many records one step fetches at most: sizes are known only afterwards. */
const MOST_AT_ONCE = 128;
const STEP_BYTES = 256 * 1024;
/** Who reads a record from disk will not read it again soon. */
const ONCE = { fillCache: false };

/** Records `from`..`to`, inclusive. */
export interface RecordRange {
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** Intact records in order, a step at a time. The caller sees to it that nobody replaces them meanwhile. */
export async function* recordsOf(database: Database, range: RecordRange): AsyncGenerator<DecodedRecord[]> {
  const { generation, from, to } = range;
  let count = 1;
  let previous: number | undefined;
  for (let index = from; index <= to; ) {
    const end = Math.min(index + count - 1, to);
    const keys: Buffer[] = [];
    for (let each = index; each <= end; each++) keys.push(recordKey(generation, each));
    const records: DecodedRecord[] = [];
    let bytes = 0;
    for (const value of await database.getMany(keys, ONCE)) {
      const record = intact(database, decodeRecord(generation, index, value), index);
      if (previous !== undefined && record.previous !== previous) {
        throw recordDamage(database, index, 'does not follow the one before');
      }
      previous = record.crc;
      bytes += record.entry.data.length + 1;
      records.push(record);
      index += 1;
    }
    yield records;
    const fitting = Math.floor((STEP_BYTES * records.length) / bytes);
    count = Math.max(1, Math.min(fitting, count * 8, MOST_AT_ONCE));
  }
}

/** Entries of `range`, cut as soon as they exceed `maxBytes` of data, but at least one. */
export async function readEntries(
  database: Database,
  range: RecordRange,
  maxBytes: number,
): Promise<LogEntry[]> {
  const read: LogEntry[] = [];
  let bytes = 0;
  for await (const records of recordsOf(database, range)) {
    for (const { entry } of records) {
      bytes += entry.data.length;
      if (read.length > 0 && bytes > maxBytes) return read;
      read.push(entry);
    }
  }
  return read;
}

/** The checksum that the record after `index` names as its previous. */
export async function checksumOf(database: Database, generation: number, index: number): Promise<number> {
  const [value] = await database.getMany([recordKey(generation, index)], ONCE);
  return intact(database, decodeRecord(generation, index, value), index).crc;
}

export function recordDamage(database: Database, index: number, problem: string): CaissonError {
  return damage(database.path, `the record of entry ${index} ${problem}`);
}

function intact(database: Database, record: DecodedRecord | undefined, index: number): DecodedRecord {
  if (record === undefined) throw recordDamage(database, index, 'is missing or fails its checksum');
  return record;
}
