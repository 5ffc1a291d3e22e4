import type { RaftLog, RaftLogs } from '@caisson/contracts';
import { damage, Database } from '@caisson/disk';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Config, type LogRocksdbConfig } from './config.js';
import { HeadFile, syncDirectory } from './head-file.js';
import { encodeState, NO_RECORDS } from './log-state.js';
import { RecentEntries } from './recent-entries.js';
import { readState, verifyRecords } from './recovery.js';
import { RocksdbLog } from './rocksdb-log.js';
import { sweep } from './sweep.js';
import { verifyTableFiles } from './table-files.js';
import { TermRuns } from './term-runs.js';

/** Logs on disk: a directory holds `head` and the database `db`. */
export class RocksdbLogs implements RaftLogs {
  readonly #config: LogRocksdbConfig;

  constructor(config: Partial<LogRocksdbConfig> = {}) {
    this.#config = Config.parse(config);
  }

  async open(directory: string, signal?: AbortSignal): Promise<RaftLog> {
    signal?.throwIfAborted();
    const database = new Database(join(directory, 'db'));
    const head = openHead(directory, database.path);
    try {
      return await this.#openDatabase(database, head, signal);
    } catch (error) {
      head.close();
      throw error;
    }
  }

  /** Only a log that never held anything may have its database made anew. */
  async #openDatabase(database: Database, head: HeadFile, signal: AbortSignal | undefined): Promise<RaftLog> {
    const { writeBufferBytes, compression } = this.#config;
    const createIfMissing = head.read().sequence === 0;
    verifyTableFiles(database.path);
    await database.open({ createIfMissing, compression, writeBufferSize: writeBufferBytes });
    try {
      if (createIfMissing) syncDirectory(join(database.path, '..'));
      return await this.#recover(database, head, signal);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async #recover(database: Database, head: HeadFile, signal: AbortSignal | undefined): Promise<RaftLog> {
    const acknowledged = head.read();
    const state = await readState(database, acknowledged);
    const memory = {
      terms: new TermRuns(state.start),
      recent: new RecentEntries(this.#config.cacheBytes, state.start.index + 1),
    };
    await verifyRecords({ database, state, memory, signal });
    if (state.sequence > acknowledged.sequence) {
      head.write(encodeState(state));
      await head.sync();
    }
    await sweep(database, state.leftover);
    return new RocksdbLog({ database, head, state: { ...state, leftover: NO_RECORDS }, memory });
  }
}

/** The head of a new log is durable before its database appears: one without the other is damage. */
function openHead(directory: string, database: string): HeadFile {
  const path = join(directory, 'head');
  const head = HeadFile.open(path);
  if (head !== undefined) return head;
  if (existsSync(database)) throw damage(path, 'is missing beside its database');
  return HeadFile.create(path);
}
