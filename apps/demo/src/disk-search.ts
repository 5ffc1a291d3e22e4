import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Values shorter than this occur by chance. */
export const NEEDLE_BYTES_MIN = 16;

export interface SearchResult {
  /** Distinct values that stand on the disk as they are. */
  readonly found: number;
  readonly needles: number;
  readonly bytesSearched: number;
  readonly files: number;
  /** Files that hold at least one. */
  readonly places: readonly string[];
  /** Distinct values found in each area, by its name. */
  readonly areas: ReadonlyMap<string, number>;
}

const MULTIPLIER = 0x01000193;

/**
 * Searches every byte of every file below `folder` for values.
 *
 * A rolling hash of 16 bytes passes over the files once, whatever the number of values; a hit is compared
 * byte by byte. Files are read whole; one that goes away before that holds nothing any more. `areaOf` names
 * the part of the folder that a file belongs to.
 */
export async function searchDisk(
  folder: string,
  values: Iterable<string>,
  areaOf: (place: string) => string = () => '',
): Promise<SearchResult> {
  const needles = new NeedleTable(values);
  const found = new Map<string, Set<string>>();
  const places: string[] = [];
  let bytesSearched = 0;
  const files = await filesBelow(folder);
  for (const file of files) {
    const bytes = await unlessGone(readFile(file));
    if (bytes === undefined) continue;
    bytesSearched += bytes.length;
    const place = file.slice(folder.length + 1);
    const area = areaOf(place);
    const inArea = found.get(area) ?? new Set();
    found.set(area, inArea);
    if (needles.search(bytes, inArea) > 0) places.push(place);
  }
  const all = new Set([...found.values()].flatMap((values) => [...values]));
  const areas = new Map([...found].map(([area, { size }]) => [area, size]));
  return { found: all.size, needles: needles.size, bytesSearched, files: files.length, places, areas };
}

async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    return undefined;
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of ((await unlessGone(readdir(folder))) ?? []).sort()) {
    const path = join(folder, name);
    const status = await unlessGone(lstat(path));
    if (status?.isDirectory()) files.push(...(await filesBelow(path)));
    else if (status?.isFile()) files.push(path);
  }
  return files;
}

interface Needle {
  readonly bytes: Buffer;
  /** Where in the value the 16 bytes begin by which it is looked for. */
  readonly windowAt: number;
}

/**
 * Values by the hash of 16 of their bytes: of those that fewest other values share, or hits would be
 * legion.
 */
class NeedleTable {
  readonly #byHash = new Map<number, Needle[]>();
  readonly size: number;

  constructor(values: Iterable<string>) {
    const texts = [...new Set(values)];
    const needles = texts
      .map((text) => Buffer.from(text))
      .filter((bytes) => bytes.length >= NEEDLE_BYTES_MIN);
    const sharedBy = new Map<number, number>();
    for (const bytes of needles) {
      for (const { hash } of windows(bytes)) sharedBy.set(hash, (sharedBy.get(hash) ?? 0) + 1);
    }
    for (const bytes of needles) {
      let rarest = { at: 0, hash: 0, sharers: Infinity };
      for (const { at, hash } of windows(bytes)) {
        const sharers = sharedBy.get(hash)!;
        if (sharers < rarest.sharers) rarest = { at, hash, sharers };
      }
      const same = this.#byHash.get(rarest.hash);
      if (same) same.push({ bytes, windowAt: rarest.at });
      else this.#byHash.set(rarest.hash, [{ bytes, windowAt: rarest.at }]);
    }
    this.size = needles.length;
  }

  /** Adds what it finds to `found` and returns the number of occurrences. */
  search(haystack: Buffer, found: Set<string>): number {
    let hits = 0;
    for (const { at, hash } of windows(haystack)) {
      for (const { bytes, windowAt } of this.#byHash.get(hash) ?? []) {
        const from = at - windowAt;
        if (from < 0 || from + bytes.length > haystack.length) continue;
        if (haystack.compare(bytes, 0, bytes.length, from, from + bytes.length) !== 0) continue;
        found.add(bytes.toString());
        hits++;
      }
    }
    return hits;
  }
}

/** Weight of the oldest byte of a window. */
const LEADING = (() => {
  let weight = 1;
  for (let step = 1; step < NEEDLE_BYTES_MIN; step++) weight = Math.imul(weight, MULTIPLIER);
  return weight;
})();

/** The rolling hash at every position; the object it yields is the same one each time. */
function* windows(bytes: Buffer): Generator<{ at: number; hash: number }> {
  if (bytes.length < NEEDLE_BYTES_MIN) return;
  const window = { at: 0, hash: 0 };
  for (let at = 0; at < NEEDLE_BYTES_MIN; at++)
    window.hash = (Math.imul(window.hash, MULTIPLIER) + bytes[at]!) >>> 0;
  for (;;) {
    yield window;
    const next = window.at + NEEDLE_BYTES_MIN;
    if (next >= bytes.length) return;
    const kept = window.hash - Math.imul(bytes[window.at]!, LEADING);
    window.hash = (Math.imul(kept, MULTIPLIER) + bytes[next]!) >>> 0;
    window.at++;
  }
}
