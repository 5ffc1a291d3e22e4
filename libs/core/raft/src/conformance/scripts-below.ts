/** What a walk over folders needs of a file system; specs and tools bring their own. */
export interface Folders {
  /** Names in a folder, or undefined if the path is a file. */
  list(path: string): readonly string[] | undefined;
  read(path: string): string;
}

export interface ScriptFile {
  readonly path: string;
  readonly text: string;
}

const HAS_BLOCK = /^----$/m;

/** Every script at or below a path, wherever it lies; text files without a single block are none. */
export function scriptsBelow(folders: Folders, path: string): ScriptFile[] {
  const names = folders.list(path);
  if (names !== undefined)
    return [...names].sort().flatMap((name) => scriptsBelow(folders, `${path}/${name}`));
  if (!path.endsWith('.txt')) return [];
  const text = folders.read(path);
  return HAS_BLOCK.test(text) ? [{ path, text }] : [];
}
