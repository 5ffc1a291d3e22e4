import { damage, type Database } from '@caisson/disk';
import { decodeState, encodeState, type LogState, NEVER_WRITTEN, STATE_KEY } from './log-state.js';
import type { RecentEntries } from './recent-entries.js';
import { recordDamage, recordsOf } from './stored-records.js';
import type { TermRuns } from './term-runs.js';

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
    const [found, acknowledged] = [state, head].map(({ sequence, last }) => `${last} (batch ${sequence})`);
    throw damage(database.path, `the log ends at ${found}, ${acknowledged} was acknowledged`);
  }
  if (state.sequence === head.sequence && !encodeState(state).equals(encodeState(head))) {
    throw damage(database.path, `batch ${state.sequence} is not the one that was acknowledged`);
  }
  return state;
}

/**
 * Reads every record and remembers it, in bounded memory whatever the length of the log. Records above the
 * last one are not looked for: the batch that moves `last` past them replaces them.
 */
export async function verifyRecords({ database, state, memory, signal }: Verification): Promise<void> {
  const { generation, start, last } = state;
  let crc = state.anchor;
  for await (const records of recordsOf(database, { generation, from: start.index + 1, to: last })) {
    signal?.throwIfAborted();
    if (records[0]!.previous !== crc) {
      throw recordDamage(database, records[0]!.entry.index, 'does not follow the one before');
    }
    for (const { entry } of records) {
      memory.terms.push(entry.index, entry.term);
      memory.recent.push(entry);
    }
    crc = records[records.length - 1]!.crc;
  }
  if (crc !== state.tail) throw recordDamage(database, last, 'is not the one that was appended last');
}
