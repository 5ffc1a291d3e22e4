import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RaftLog, RaftLogs } from '@caisson/contracts';
import { RocksdbLogs } from './rocksdb-logs.js';

/** What `caisson plugin verify` runs the log kit over: a `PluginCompliance` of the library of kits. */
export const compliance = {
  kits: [{ kit: 'log' as const, harness: () => new LogDirectories() }],
} as const;

/**
 * Logs in a fresh directory. A crash leaves the open logs behind and goes on with a copy of their files as
 * they are: what a killed process leaves, without killing this one.
 */
class LogDirectories {
  readonly logs: RaftLogs;
  readonly #root = mkdtempSync(join(tmpdir(), 'caisson-log-'));
  readonly #opened: RaftLog[] = [];
  #life = 0;

  constructor() {
    const logs = new RocksdbLogs();
    this.logs = {
      open: async (directory, signal) => {
        const log = await logs.open(directory, signal);
        this.#opened.push(log);
        return log;
      },
    };
  }

  directory(name: string): string {
    return join(this.#root, String(this.#life), name);
  }

  async crash(): Promise<void> {
    const before = join(this.#root, String(this.#life));
    this.#life += 1;
    cpSync(before, join(this.#root, String(this.#life)), { recursive: true });
  }

  /** Flips a bit in the middle of what was written since the last table file. */
  async damage(name: string): Promise<void> {
    const database = join(this.directory(name), 'db');
    for (const file of readdirSync(database).filter((each) => each.endsWith('.log'))) {
      const bytes = readFileSync(join(database, file));
      bytes[Math.floor(bytes.length / 2)]! ^= 0x10;
      writeFileSync(join(database, file), bytes);
    }
  }

  async files(name: string): Promise<readonly Uint8Array[]> {
    const database = join(this.directory(name), 'db');
    return readdirSync(database).map((file) => readFileSync(join(database, file)));
  }

  async dispose(): Promise<void> {
    for (const log of this.#opened) await log.close();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
