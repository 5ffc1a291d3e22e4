import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates a directory and its parents, for this user alone, and gives those whose entries changed; existing
 * ones are left alone. Step by step, because the recursive `mkdir` of the runtime reports a read-only file
 * system as ENOENT.
 */
export function makeDirectories(path: string): readonly string[] {
  try {
    mkdirSync(path, { mode: 0o700 });
    return [dirname(path)];
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'EEXIST' && statSync(path).isDirectory()) return [];
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    return [...makeDirectories(dirname(path)), ...makeDirectories(path)];
  }
}

/** Creations and renames in the directory survive a loss of power once this returns. */
export function syncEntries(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
