import { copyBytes } from '@caisson/base';
import {
  CaissonError,
  type DirectoryHold,
  type Disk,
  type DiskFile,
  type FileStatus,
} from '@caisson/contracts';

interface Content {
  bytes: Uint8Array;
  synced: Uint8Array;
}

/**
 * A disk in memory of which `crash` leaves what was synced and nothing else: content without `sync` is gone,
 * and so are creations, renames and removals without `syncDirectory`.
 */
export class ForgetfulDisk implements Disk {
  /** Files, and `undefined` for directories. */
  #live = new Map<string, Content | undefined>([['', undefined]]);
  #durable = new Map<string, Content | undefined>([['', undefined]]);

  /** `directories` were there before, durably. */
  constructor(directories: readonly string[] = []) {
    for (const path of directories) {
      this.#live.set(path, undefined);
      this.#durable.set(path, undefined);
    }
  }

  crash(): void {
    this.#live = new Map(
      [...this.#durable]
        .filter(([path]) => this.#isReachable(path))
        .map(([path, content]) => [path, content && { bytes: content.synced, synced: content.synced }]),
    );
    this.#durable = new Map(this.#live);
  }

  /** Path and content of every file, for comparisons. */
  get files(): ReadonlyMap<string, string> {
    const files = [...this.#live].filter(([, content]) => content !== undefined).sort();
    return new Map(files.map(([path, content]) => [path, Buffer.from(content!.bytes).toString('hex')]));
  }

  join(...parts: readonly string[]): string {
    return parts.join('/');
  }

  async status(path: string): Promise<FileStatus | undefined> {
    if (!this.#live.has(path)) return undefined;
    const content = this.#live.get(path);
    return content === undefined
      ? { kind: 'directory', bytes: 0, mode: 0o700 }
      : { kind: 'file', bytes: content.bytes.length, mode: 0o600 };
  }

  async read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = this.#live.get(path)?.bytes;
    if (bytes !== undefined && bytes.length > maxBytes) throw failure('read', path, 'EFBIG');
    return bytes && copyBytes(bytes);
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    if (!this.#live.has(path)) return undefined;
    const names = [...this.#live.keys()].filter((name) => name !== '' && parentOf(name) === path);
    return names.map((name) => name.slice(path.length + 1)).sort();
  }

  async makeDirectory(path: string): Promise<void> {
    if (path === '' || this.#live.has(path)) return;
    await this.makeDirectory(parentOf(path));
    this.#live.set(path, undefined);
  }

  async create(path: string): Promise<DiskFile> {
    if (this.#live.has(path)) throw failure('create', path, 'EEXIST');
    if (!this.#live.has(parentOf(path))) throw failure('create', path, 'ENOENT');
    const content: Content = { bytes: new Uint8Array(0), synced: new Uint8Array(0) };
    this.#live.set(path, content);
    return {
      write: async (bytes, offset) => {
        const whole = new Uint8Array(Math.max(content.bytes.length, offset + bytes.length));
        whole.set(content.bytes);
        whole.set(bytes, offset);
        content.bytes = whole;
      },
      sync: async () => void (content.synced = content.bytes),
      close: async () => undefined,
    };
  }

  async rename(from: string, to: string): Promise<void> {
    const content = this.#live.get(from);
    if (content === undefined) throw failure('rename', from, 'ENOENT');
    this.#live.delete(from);
    this.#live.set(to, content);
  }

  async remove(path: string): Promise<void> {
    for (const name of [...this.#live.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.#live.delete(name);
    }
  }

  async syncDirectory(path: string): Promise<void> {
    if (!this.#live.has(path)) throw failure('syncDirectory', path, 'ENOENT');
    const isEntry = (name: string) => name !== '' && parentOf(name) === path;
    for (const name of [...this.#durable.keys()].filter(isEntry)) this.#durable.delete(name);
    for (const [name, content] of this.#live) if (isEntry(name)) this.#durable.set(name, content);
  }

  async hold(): Promise<DirectoryHold> {
    return { release: async () => undefined };
  }

  #isReachable(path: string): boolean {
    return path === '' || (this.#durable.has(parentOf(path)) && this.#isReachable(parentOf(path)));
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

function failure(operation: string, path: string, errno: string): CaissonError {
  return new CaissonError('DISK_ERROR', { operation, path, errno });
}
