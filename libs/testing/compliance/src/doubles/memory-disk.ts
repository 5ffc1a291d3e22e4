import { copyBytes } from '@caisson/base';
import {
  CaissonError,
  type DirectoryHold,
  type Disk,
  type DiskFile,
  type FileStatus,
} from '@caisson/contracts';

type DiskOperation = Exclude<keyof Disk, 'join'> | 'write' | 'sync';

type Node =
  | { readonly kind: 'directory' }
  | { readonly kind: 'file'; bytes: Uint8Array }
  | { readonly kind: 'other' };

/**
 * Files in memory. `failOn` decides before each operation whether it fails, and how: a full disk, a
 * read-only one, a rename that is refused. Nothing is lost in a crash: this disk is for the order of
 * operations, not for what survives them.
 */
export class MemoryDisk implements Disk {
  failOn: ((operation: DiskOperation, path: string) => CaissonError | undefined) | undefined;
  readonly #nodes = new Map<string, Node>([['/', { kind: 'directory' }]]);
  readonly #held = new Set<string>();

  join(...parts: readonly string[]): string {
    return `/${parts
      .flatMap((part) => part.split('/'))
      .filter((part) => part !== '')
      .join('/')}`;
  }

  async status(path: string): Promise<FileStatus | undefined> {
    this.#enter('status', path);
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    const mode = node.kind === 'directory' ? 0o700 : 0o600;
    return { kind: node.kind, bytes: node.kind === 'file' ? node.bytes.length : 0, mode };
  }

  async read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    this.#enter('read', path);
    const node = this.#nodes.get(path);
    if (node === undefined) return undefined;
    if (node.kind !== 'file') throw refusal('read', path, 'EINVAL');
    if (node.bytes.length > maxBytes) throw refusal('read', path, 'EFBIG');
    return copyBytes(node.bytes);
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    this.#enter('list', path);
    if (!this.#nodes.has(path)) return undefined;
    const names = [...this.#nodes.keys()].filter((each) => each !== '/' && parentOf(each) === path);
    return names.map((each) => each.slice(each.lastIndexOf('/') + 1)).sort();
  }

  async makeDirectory(path: string): Promise<void> {
    this.#enter('makeDirectory', path);
    const kind = this.#nodes.get(path)?.kind;
    if (kind === 'directory') return;
    if (kind !== undefined) throw refusal('makeDirectory', path, 'EEXIST');
    await this.makeDirectory(parentOf(path));
    this.#nodes.set(path, { kind: 'directory' });
  }

  async create(path: string): Promise<DiskFile> {
    this.#enter('create', path);
    if (this.#nodes.has(path)) throw refusal('create', path, 'EEXIST');
    if (this.#nodes.get(parentOf(path))?.kind !== 'directory') throw refusal('create', path, 'ENOENT');
    const file: Node = { kind: 'file', bytes: new Uint8Array(0) };
    this.#nodes.set(path, file);
    return {
      write: async (bytes, offset) => {
        this.#enter('write', path);
        const whole = new Uint8Array(Math.max(file.bytes.length, offset + bytes.length));
        whole.set(file.bytes);
        whole.set(bytes, offset);
        file.bytes = whole;
      },
      sync: async () => this.#enter('sync', path),
      close: async () => undefined,
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#enter('rename', from);
    if (!this.#nodes.has(from)) throw refusal('rename', from, 'ENOENT');
    for (const [path, node] of [...this.#nodes]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#nodes.delete(path);
      this.#nodes.set(to + path.slice(from.length), node);
    }
  }

  async remove(path: string): Promise<void> {
    this.#enter('remove', path);
    for (const each of [...this.#nodes.keys()]) {
      if (each === path || each.startsWith(`${path}/`)) this.#nodes.delete(each);
    }
  }

  async syncDirectory(path: string): Promise<void> {
    this.#enter('syncDirectory', path);
    if (this.#nodes.get(path)?.kind !== 'directory') throw refusal('syncDirectory', path, 'ENOENT');
  }

  async hold(path: string): Promise<DirectoryHold> {
    this.#enter('hold', path);
    if (this.#held.has(path)) throw new CaissonError('DIRECTORY_LOCKED', { path });
    this.#held.add(path);
    return { release: async () => void this.#held.delete(path) };
  }

  /** Puts something at `path` that is neither file nor directory. */
  makeFifo(path: string): void {
    this.#nodes.set(path, { kind: 'other' });
  }

  #enter(operation: DiskOperation, path: string): void {
    const failure = this.failOn?.(operation, path);
    if (failure !== undefined) throw failure;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1));
}

function refusal(operation: string, path: string, errno: string): CaissonError {
  return new CaissonError('DISK_ERROR', { operation, path, errno });
}
