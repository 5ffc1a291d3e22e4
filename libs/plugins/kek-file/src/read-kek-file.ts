import { CaissonError, type Disk, Secret } from '@caisson/contracts';
import { KEK_BYTES } from '@caisson/encryption';

/** Any access for group or others. */
const EXPOSED_MODE = 0o077;

/**
 * The key in a file of exactly 32 bytes.
 *
 * A file that is exposed, of another length or not a regular file is refused before it is read, so that
 * nothing blocks on a pipe and nothing large is loaded; a symbolic link is not a regular file.
 */
export async function readKekFile(disk: Disk, path: string): Promise<Secret> {
  const status = await disk.status(path);
  if (status === undefined) throw new CaissonError('KEK_NOT_FOUND', { path });
  if (status.kind !== 'file') throw new CaissonError('KEK_FILE_NOT_REGULAR', { path });
  if ((status.mode & EXPOSED_MODE) !== 0) {
    throw new CaissonError('KEK_FILE_EXPOSED', { path, mode: status.mode.toString(8) });
  }
  if (status.bytes !== KEK_BYTES) throw wrongLength(path, status.bytes);
  const bytes = await disk.read(path, KEK_BYTES);
  if (bytes === undefined) throw new CaissonError('KEK_NOT_FOUND', { path });
  if (bytes.length !== KEK_BYTES) throw wrongLength(path, bytes.length);
  const key = new Secret(bytes);
  bytes.fill(0);
  return key;
}

function wrongLength(path: string, bytes: number): CaissonError {
  return new CaissonError('KEK_MISCONFIGURED', { path, bytes, expected: KEK_BYTES });
}
