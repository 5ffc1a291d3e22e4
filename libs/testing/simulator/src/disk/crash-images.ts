import type { SeededRandom } from '@caisson/compliance';
import { type DiskImage, fingerprintOf, imageOf } from './disk-image.js';
import { apply, type Change, DirectoryNode, FileNode, GrowingBytes, type Node, type Write } from './nodes.js';

/**
 * What a loss of power may leave of what was not synced.
 *
 * `journalled`: names change in the order in which they were changed, and a file has a beginning of what was
 * written into it. `weak`: any of it, in any order. A write ends at the border of any sector.
 */
export type CrashProfile = 'journalled' | 'weak';

/** What a disk is at the moment of the crash. */
export interface Unsettled {
  readonly root: DirectoryNode;
  readonly changes: readonly Change[];
}

export interface Enumeration {
  readonly images: readonly DiskImage[];
  /** How many ways there are to choose, before equal images are taken for one. */
  readonly ways: number;
  /** Whether there were too many, and some were drawn. */
  readonly isSampled: boolean;
}

export const SECTOR_BYTES = 512;

/** Every legal image once; above `bound` ways so many of them are drawn, and both extremes. */
export function crashImages(
  state: Unsettled,
  profile: CrashProfile,
  { bound, random }: { readonly bound: number; readonly random: SeededRandom },
): Enumeration {
  const choice = new Choice(state, profile);
  const { ways } = choice;
  const isSampled = ways > bound;
  const found = new Map<string, DiskImage>();
  const add = (image: DiskImage) => void found.set(fingerprintOf(image), image);
  if (isSampled) {
    add(choice.image(() => 0));
    add(choice.image((options) => options - 1));
    for (let drawn = 0; drawn < bound; drawn++) add(choice.image((options) => random.integer(options)));
  } else {
    for (let number = 0; number < ways; number++) add(choice.numbered(number));
  }
  return { images: [...found.values()], ways, isSampled };
}

/** One of them. */
export function drawImage(state: Unsettled, profile: CrashProfile, random: SeededRandom): DiskImage {
  return new Choice(state, profile).image((options) => random.integer(options));
}

/** The least that a crash leaves. */
export function barest(state: Unsettled): DiskImage {
  return new Choice(state, 'weak').image(() => 0);
}

/** Takes one of so many options; the last means all of it. */
type Pick = (options: number) => number;

/** The decisions that a crash takes, each among so many options. */
class Choice {
  readonly #state: Unsettled;
  readonly #profile: CrashProfile;
  /** Files with something unsynced, in pieces that are there whole or not at all. */
  readonly #files: readonly (readonly [file: FileNode, pieces: readonly Write[]])[];

  constructor(state: Unsettled, profile: CrashProfile) {
    this.#state = state;
    this.#profile = profile;
    this.#files = filesOf(state)
      .filter(({ pending }) => pending.length > 0)
      .map((file) => [file, file.pending.flatMap(sectorsOf)] as const);
  }

  get ways(): number {
    return this.#points.reduce((product, options) => product * options, 1);
  }

  numbered(number: number): DiskImage {
    let rest = number;
    return this.image((options) => {
      const picked = rest % options;
      rest = Math.floor(rest / options);
      return picked;
    });
  }

  image(pick: Pick): DiskImage {
    const changes = this.#kept(this.#state.changes, pick);
    const contents = new Map(
      this.#files.map(([file, pieces]) => [file, contentWith(file, this.#kept(pieces, pick))] as const),
    );
    const names = new Map<DirectoryNode, Map<string, Node>>();
    const namesOf = (directory: DirectoryNode) => {
      const own = names.get(directory) ?? new Map(directory.durable);
      names.set(directory, own);
      return own;
    };
    apply(changes, namesOf);
    return imageOf(this.#state.root, {
      names: (directory) => names.get(directory) ?? directory.durable,
      bytes: (file) => contents.get(file) ?? file.durable.view(),
    });
  }

  /** In the order in which `image` asks. */
  get #points(): readonly number[] {
    const counts = [this.#state.changes.length, ...this.#files.map(([, pieces]) => pieces.length)];
    if (this.#profile === 'journalled') return counts.map((count) => count + 1);
    return counts.flatMap((count) => Array.from({ length: count }, () => 2));
  }

  #kept<T>(items: readonly T[], pick: Pick): readonly T[] {
    if (this.#profile === 'journalled') return items.slice(0, pick(items.length + 1));
    return items.filter(() => pick(2) === 1);
  }
}

/** All files that a crash may leave under a name. */
function filesOf({ changes, root }: Unsettled): readonly FileNode[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'directory') for (const child of node.durable.values()) visit(child);
  };
  visit(root);
  for (const change of changes) if (change.kind !== 'unlink') visit(change.node);
  return [...seen].filter((node): node is FileNode => node.kind === 'file');
}

function contentWith(file: FileNode, pieces: readonly Write[]): Uint8Array {
  if (pieces.length === 0) return file.durable.view();
  const bytes = new GrowingBytes(file.durable.view());
  for (const piece of pieces) bytes.write(piece);
  return bytes.view();
}

/** A write, cut at the borders of sectors. */
function sectorsOf({ at, bytes }: Write): Write[] {
  const pieces: Write[] = [];
  let from = 0;
  while (from < bytes.length) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    pieces.push({ at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return pieces;
}
