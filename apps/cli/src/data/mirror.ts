import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Table files of a database: written once, and only ever removed. They are linked to. */
const IS_TABLE = /\.sst$/;
/** The file that the kernel locks for a node that runs. A link to it locks, or does not, the same file. */
const IS_LOCK = /^LOCK$/;

/** A second directory through which that of a node may be opened without a byte of it being changed. */
export interface Mirror {
  readonly path: string;
  /** Removes it. */
  close(): Promise<void>;
}

/**
 * Opening a database changes it: it replays its log, and writes a new one. So the small files are copied to a
 * temporary directory, and the large ones, which nobody changes, are linked. What is copied holds what the
 * node's own files hold, for the time that the command takes.
 */
export async function mirrorDirectory(dataDir: string): Promise<Mirror> {
  const path = await mkdtemp(join(tmpdir(), 'caisson-mirror-'));
  const close = () => rm(path, { recursive: true, force: true });
  try {
    await mirror(resolve(dataDir), path);
    return { path, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function mirror(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(target, { mode: 0o700 });
      await mirror(source, target);
    } else if (!entry.isFile()) continue;
    else if (IS_TABLE.test(entry.name) || isNodeLock(source)) await symlink(source, target);
    else if (!IS_LOCK.test(entry.name)) await copyFile(source, target);
  }
}

function isNodeLock(path: string): boolean {
  return path.endsWith(join('LOCK', 'LOCK'));
}
