import { CaissonError, type Disk, isCaissonError } from '@caisson/contracts';

const TEMPORARY = '.tmp';
const PROBE = 'durability-probe';
const PROBE_BYTES = new Uint8Array(16);

/**
 * Replaces a file so that every crash leaves the old one or the new one, whole.
 *
 * Once it resolves the new content survives power loss. A failed step leaves no temporary file, and the old
 * content unless the very last step failed: then either of the two may be what a crash leaves.
 */
export async function replaceFile(
  disk: Disk,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const path = disk.join(directory, name);
  const temporary = path + TEMPORARY;
  // Left by a crash; never content, because only the rename makes it so.
  await disk.remove(temporary);
  try {
    const file = await disk.create(temporary);
    try {
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(directory);
}

/**
 * Goes through every step of `replaceFile` on a file of its own and removes it, before anything depends on
 * them. A full or read-only disk says so; any other refusal is `UNSUPPORTED_FILESYSTEM`.
 */
export async function probeDurability(disk: Disk, directory: string): Promise<void> {
  const path = disk.join(directory, PROBE);
  try {
    await replaceFile(disk, directory, PROBE, PROBE_BYTES);
    await disk.remove(path);
  } catch (error) {
    await disk.remove(path).catch(() => undefined);
    if (!isCaissonError(error, 'DISK_ERROR')) throw error;
    throw new CaissonError('UNSUPPORTED_FILESYSTEM', { path: directory, ...error.details }, { cause: error });
  }
}
