import { DirectoryNode, FileNode, type Node } from './nodes.js';

const PRIME = 0x0100_0193;

/** Which part of a machine's disk. */
export type DiskPart = 'everything' | 'sidecar' | 'store' | 'log' | 'data';

const PARTS: Readonly<Record<DiskPart, (path: string) => boolean>> = {
  everything: () => true,
  sidecar: (path) => path.includes('/encryption'),
  store: (path) => path.includes('/store'),
  log: (path) => path.includes('/log'),
  data: (path) => path.includes('/groups'),
};

/** What a disk holds at one moment, by path; `undefined` for a directory. Nothing in it is pending. */
export type DiskImage = ReadonlyMap<string, Uint8Array | undefined>;

export const EMPTY_IMAGE: ReadonlyMap<string, Uint8Array | undefined> = new Map();

export function isPart(part: DiskPart, path: string): boolean {
  return PARTS[part](path);
}

/** `image` with one part of it as it was in `older`. */
export function withPart(image: DiskImage, older: DiskImage, part: DiskPart): DiskImage {
  const kept = [...image].filter(([path]) => !isPart(part, path));
  const back = [...older].filter(([path]) => isPart(part, path));
  return new Map([...kept, ...back]);
}

/** What tells images apart: paths and contents. It protects from nobody. */
export function fingerprintOf(image: DiskImage): string {
  const hash = new Fingerprint();
  for (const [path, bytes] of [...image].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.text(path);
    hash.text(bytes === undefined ? 'directory' : contentOf(bytes));
  }
  return hash.toString();
}

export function treeOf(image: DiskImage): DirectoryNode {
  const root = new DirectoryNode();
  for (const [path, bytes] of [...image].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const names = path.split('/').slice(1);
    const last = names.pop()!;
    const at = names.reduce((directory, name) => directory.live.get(name) as DirectoryNode, root);
    const node = bytes === undefined ? new DirectoryNode() : new FileNode(bytes);
    at.live.set(last, node);
    at.durable.set(last, node);
  }
  return root;
}

export interface Walk {
  readonly names: (directory: DirectoryNode) => ReadonlyMap<string, Node>;
  readonly bytes: (file: FileNode) => Uint8Array;
}

export function imageOf(root: DirectoryNode, { bytes, names }: Walk): DiskImage {
  const image = new Map<string, Uint8Array | undefined>();
  const visit = (directory: DirectoryNode, path: string): void => {
    for (const [name, node] of names(directory)) {
      if (node.kind === 'other') continue;
      image.set(`${path}/${name}`, node.kind === 'file' ? bytes(node) : undefined);
      if (node.kind === 'directory') visit(node, `${path}/${name}`);
    }
  };
  visit(root, '');
  return image;
}

function contentOf(bytes: Uint8Array): string {
  const hash = new Fingerprint();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) hash.word(view.getUint32(at));
  for (let at = whole; at < bytes.length; at++) hash.word(bytes[at]!);
  return `${bytes.length} ${hash.toString()}`;
}

/** FNV-1a in two lanes of 32 bits. */
class Fingerprint {
  #low = 0x811c_9dc5;
  #high = 0x9e37_79b9;

  word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, PRIME);
    this.#high = Math.imul((this.#high ^ word) + (this.#low >>> 15), PRIME);
  }

  text(text: string): void {
    for (let at = 0; at < text.length; at++) this.word(text.charCodeAt(at));
    this.word(0x1_0000);
  }

  toString(): string {
    return [this.#high, this.#low].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
