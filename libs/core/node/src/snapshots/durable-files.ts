import type { Disk } from '@caisson/contracts';

const TEMPORARY = '.tmp';

/**
 * A file that is there whole and survives power loss, or is not there. One of that name is replaced. A
 * failure leaves what was there; a crash may leave a temporary file beside it.
 */
export async function writeDurably(
  disk: Disk,
  directory: string,
  name: string,
  parts: readonly Uint8Array[],
): Promise<void> {
  const temporary = disk.join(directory, name + TEMPORARY);
  await disk.remove(temporary);
  const file = await disk.create(temporary);
  try {
    let at = 0;
    for (const part of parts) {
      await file.write(part, at);
      at += part.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, disk.join(directory, name));
  await disk.syncDirectory(directory);
}

/** Creates the last two levels of a path where they are missing; they survive power loss afterwards. */
export async function makeDurably(disk: Disk, path: string): Promise<void> {
  if ((await disk.status(path)) !== undefined) return;
  await disk.makeDirectory(path);
  for (const parent of [parentOf(path), parentOf(parentOf(path))]) await disk.syncDirectory(parent);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
