import type { Database } from './database.js';
import { damage } from './faults.js';
import { decodeState, encodeState, type LogState, NEVER_WRITTEN, STATE_KEY } from './log-state.js';
import type { RecentEntries } from './recent-entries.js';
import { decodeRecord, recordKey } from './records.js';
import { recordDamage } from './stored-records.js';
import type { TermRuns } from './term-runs.js';

const SCAN_AHEAD_BYTES = 256 * 1024;

/** What memory keeps of the entries. */
export interface Remembered {
  readonly terms: TermRuns;
  readonly recent: RecentEntries;
}

export interface Verification {
  readonly database: Database;
  readonly state: LogState;
  readonly memory: Remembered;
  readonly signal: AbortSignal | undefined;
}

/** The state row, if it is no older than what was acknowledged. */
export async function readState(database: Database, head: LogState): Promise<LogState> {
  const row = await database.get(STATE_KEY);
  const state = row === undefined ? NEVER_WRITTEN : decodeState(row);
  if (state === undefined) throw damage(database.path, 'the state row fails its checksum');
  if (state.sequence < head.sequence) {
    const problem = `it ends at ${state.last}, ${head.last} was acknowledged, batch ${state.sequence} of ${head.sequence}`;
    throw damage(database.path, problem);
  }
  if (state.sequence === head.sequence && !encodeState(state).equals(encodeState(head))) {
    throw damage(database.path, `batch ${state.sequence} is not the one that was acknowledged`);
  }
  return state;
}

/** Reads every record and remembers it. Memory stays bounded, whatever the length of the log. */
export async function verifyRecords({ database, state, memory, signal }: Verification): Promise<void> {
  const { generation, start } = state;
  const first = recordKey(generation, start.index + 1);
  const rows = database.rows({ gte: first, fillCache: false, highWaterMark: SCAN_AHEAD_BYTES });
  let index = start.index;
  let crc = state.anchor;
  try {
    for (let row = await rows.next(); row !== undefined; row = await rows.next()) {
      signal?.throwIfAborted();
      const [key, value] = row;
      index += 1;
      if (!key.equals(recordKey(generation, index))) throw recordDamage(database, index, 'is missing');
      const record = decodeRecord(generation, index, value);
      if (record === undefined) throw recordDamage(database, index, 'fails its checksum');
      if (record.previous !== crc) throw recordDamage(database, index, 'does not follow the one before');
      crc = record.crc;
      memory.terms.push(index, record.entry.term);
      memory.recent.push(record.entry);
    }
  } finally {
    await rows.end();
  }
  if (index !== state.last) throw recordDamage(database, index + 1, index < state.last ? 'is missing' : 'is not ours');
  if (crc !== state.tail) throw recordDamage(database, index, 'is not the one that was appended last');
}
