import { damage, type Database, diskFault } from '@caisson/disk';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tableProblem, UNFINISHED } from './table-file.js';

const MISSING = 'is missing';

/**
 * Reads every table file in the folder of a database that is not open yet, and throws `CORRUPTION` for a
 * damaged one: opening it could end the process. Gives the numbers of those that are intact.
 *
 * A file without its end is passed over. A crash leaves such files, and they matter only if they turn out
 * to be live.
 */
export async function surveyTables(folder: string, signal?: AbortSignal): Promise<Set<string>> {
  const intact = new Set<string>();
  for (const name of await namesIn(folder)) {
    const number = numberOf(name);
    if (number === undefined) continue;
    signal?.throwIfAborted();
    const problem = await problemOf(join(folder, name));
    if (problem === undefined) intact.add(number);
    else if (problem !== UNFINISHED && problem !== MISSING) throw damage(join(folder, name), problem);
  }
  return intact;
}

/** The numbers of all table files, as if each had been read and found intact. */
export async function tablesIn(folder: string): Promise<Set<string>> {
  return new Set((await namesIn(folder)).map(numberOf).filter((number) => number !== undefined));
}

/**
 * Throws `CORRUPTION` for the first table file of an open database that is missing or damaged; those in
 * `intact` are not read again.
 *
 * A compaction may exchange files meanwhile: a file that has gone counts as missing only while it is still
 * listed.
 */
export async function verifyLiveTables(database: Database, intact: Set<string>): Promise<void> {
  const gone = new Set<string>();
  for (;;) {
    const table = liveTables(database).find((number) => !intact.has(number));
    if (table === undefined) return;
    const path = join(database.path, `${table.padStart(6, '0')}.sst`);
    const problem = await problemOf(path);
    if (problem === MISSING && !gone.has(table)) gone.add(table);
    else if (problem !== undefined) throw damage(path, problem);
    else intact.add(table);
  }
}

function numberOf(name: string): string | undefined {
  return /^0*(\d+)\.sst$/.exec(name)?.[1];
}

async function problemOf(path: string): Promise<string | undefined> {
  try {
    return await tableProblem(path);
  } catch (error) {
    if (isMissing(error)) return MISSING;
    throw diskFault(error, { operation: 'read', path });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskFault(error, { operation: 'read', path: folder });
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}

/**
 * Their numbers. Each file has a line ` number:bytes[…` in the text of the binding; keys in it are
 * hexadecimal.
 */
function liveTables(database: Database): string[] {
  return Array.from(database.tables().matchAll(/^ (\d+):\d+\[/gm), ([, number]) => number!);
}
