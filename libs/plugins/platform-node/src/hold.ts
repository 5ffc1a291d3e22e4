import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import RocksDb from 'rocksdb';
import { CaissonError, type DirectoryHold } from '@caisson/contracts';
import { makeDirectories } from './directories.js';
import { onDisk } from './disk-errors.js';

/**
 * Directories this process holds, by device and inode. The kernel's locks belong to the process, so that a
 * second hold under another name would succeed, and its release would free the first one.
 */
const held = new Set<string>();

const SMALL = {
  createIfMissing: true,
  compression: false,
  cacheSize: 0,
  writeBufferSize: 64 * 1024,
  maxOpenFiles: 16,
};

/**
 * Node has no flock; an empty database has one, on its `LOCK` file. The kernel frees it with the process,
 * however the process ends.
 */
export async function holdDirectory(path: string): Promise<DirectoryHold> {
  await onDisk({ operation: 'hold', path, writes: true }, () => makeDirectories(path, 0o700));
  const { dev, ino } = await onDisk({ operation: 'hold', path, writes: false }, () => stat(path));
  const identity = `${dev}:${ino}`;
  if (held.has(identity)) throw new CaissonError('DIRECTORY_LOCKED', { path, holder: 'this process' });
  held.add(identity);
  const database = new RocksDb(path);
  try {
    await openOrMakeAnew(database, path);
  } catch (error) {
    held.delete(identity);
    throw error;
  }
  return new RocksDbHold(database, path, () => held.delete(identity));
}

/**
 * A database that is damaged is made anew: there is nothing in it. What excludes others is its `LOCK`, and
 * that file stays as it is; so at the worst this takes away what another process has just made, and the next
 * one makes it anew.
 */
async function openOrMakeAnew(database: RocksDb, path: string): Promise<void> {
  const damage = await openFailure(database, path);
  if (damage === undefined) return;
  if (damage.code !== 'DISK_ERROR') throw damage;
  await forgetContent(path).catch(() => {
    throw damage;
  });
  const failure = await openFailure(database, path);
  if (failure !== undefined) throw failure;
}

async function forgetContent(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (/^(CURRENT|\d+\.(log|sst))$/.test(name)) await rm(join(path, name), { force: true });
  }
}

function openFailure(database: RocksDb, path: string): Promise<CaissonError | undefined> {
  return new Promise((resolve) => {
    database.open(SMALL, (error) => resolve(error ? holdError(error, path) : undefined));
  });
}

class RocksDbHold implements DirectoryHold {
  readonly #database: RocksDb;
  readonly #path: string;
  readonly #forget: () => void;
  #released: Promise<void> | undefined;

  constructor(database: RocksDb, path: string, forget: () => void) {
    this.#database = database;
    this.#path = path;
    this.#forget = forget;
  }

  release(): Promise<void> {
    this.#released ??= this.#close();
    return this.#released;
  }

  async #close(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#database.close((error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      throw holdError(error, this.#path);
    } finally {
      this.#forget();
    }
  }
}

/** The binding reports failures as text alone, with the operating system's own words at the end. */
const CAUSES: readonly (readonly [pattern: RegExp, errno: string, code: 'DISK_FULL' | 'DISK_READ_ONLY'])[] = [
  [/Read-only file system/, 'EROFS', 'DISK_READ_ONLY'],
  [/Permission denied/, 'EACCES', 'DISK_READ_ONLY'],
  [/Operation not permitted/, 'EPERM', 'DISK_READ_ONLY'],
  [/No space left on device/, 'ENOSPC', 'DISK_FULL'],
  [/Disk quota exceeded/, 'EDQUOT', 'DISK_FULL'],
];

function holdError(error: unknown, path: string): CaissonError {
  const text = String((error as { message?: unknown } | null)?.message);
  for (const [pattern, errno, code] of CAUSES) {
    if (pattern.test(text))
      return new CaissonError(code, { operation: 'hold', path, errno }, { cause: error });
  }
  if (/While lock file|lock hold by current process/.test(text)) {
    return new CaissonError('DIRECTORY_LOCKED', { path, holder: 'another process' }, { cause: error });
  }
  return new CaissonError('DISK_ERROR', { operation: 'hold', path, errno: 'EIO' }, { cause: error });
}
