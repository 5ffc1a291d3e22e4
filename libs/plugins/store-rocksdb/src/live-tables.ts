import { join } from 'node:path';
import type { Database } from './database.js';
import { damage, diskFault } from './faults.js';
import { tableProblem } from './table-file.js';

/**
 * Reads every table file of an open database once and throws `CORRUPTION` for the first that is missing or damaged.
 *
 * A compaction may exchange files meanwhile: a file that has gone counts as missing only while it is still listed.
 */
export async function verifyTables(database: Database, signal?: AbortSignal): Promise<void> {
  const verified = new Set<string>();
  const gone = new Set<string>();
  for (;;) {
    const table = liveTables(database).find((each) => !verified.has(each));
    if (table === undefined) return;
    signal?.throwIfAborted();
    const path = join(database.path, `${table.padStart(6, '0')}.sst`);
    const problem = await problemOf(path);
    if (problem === 'is missing' && !gone.has(table)) gone.add(table);
    else if (problem !== undefined) throw damage(path, problem);
    else verified.add(table);
  }
}

async function problemOf(path: string): Promise<string | undefined> {
  try {
    return await tableProblem(path);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return 'is missing';
    throw diskFault(error, { operation: 'read', path });
  }
}

/** Their numbers. Each file has a line ` number:bytes[…` in the text of the binding; keys in it are hexadecimal. */
function liveTables(database: Database): string[] {
  return Array.from(database.tables().matchAll(/^ (\d+):\d+\[/gm), ([, number]) => number!);
}
