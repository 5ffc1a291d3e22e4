import { copyBytes } from '@caisson/base';
import {
  CaissonError,
  type DirectoryHold,
  type Disk,
  type DiskFile,
  type FileStatus,
} from '@caisson/contracts';

interface FileNode {
  bytes: Uint8Array;
  synced: Uint8Array;
}

export interface DiskStep {
  readonly operation: string;
  readonly path: string;
}

/**
 * A disk in memory that forgets, on `crash`, whatever was not synced: content without `sync`, names without
 * `syncDirectory`. `onStep` sees every changing step before it happens and may throw in its place.
 */
export class MemoryDisk implements Disk {
  onStep: (step: DiskStep) => void = () => undefined;
  #live = new Map<string, FileNode>();
  #durable = new Map<string, FileNode>();
  #directories = new Set<string>(['/']);

  /** Path and content of every file, for comparisons. */
  get files(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#live].sort().map(([path, { bytes }]) => [path, Buffer.from(bytes).toString('hex')]),
    );
  }

  crash(): void {
    const survivors = [...this.#durable].map(([path, { synced }]) => [path, node(synced, synced)] as const);
    this.#live = new Map(survivors);
    this.#durable = new Map(survivors);
    this.onStep = () => undefined;
  }

  put(path: string, bytes: Uint8Array): void {
    const file = node(bytes, bytes);
    this.#live.set(path, file);
    this.#durable.set(path, file);
  }

  join(...parts: readonly string[]): string {
    return parts.join('/');
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const file = this.#live.get(path);
    if (file !== undefined) return { kind: 'file', bytes: file.bytes.length, mode: 0o600 };
    return this.#directories.has(path) ? { kind: 'directory', bytes: 0, mode: 0o700 } : undefined;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const file = this.#live.get(path);
    return file && copyBytes(file.bytes);
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    return [...this.#live.keys()]
      .filter((name) => parentOf(name) === path)
      .map((name) => name.slice(path.length + 1));
  }

  async makeDirectory(path: string): Promise<void> {
    this.#step('makeDirectory', path);
    this.#directories.add(path);
  }

  async create(path: string): Promise<DiskFile> {
    this.#step('create', path);
    if (this.#live.has(path)) throw diskError('create', path, 'EEXIST');
    const file = node(new Uint8Array(0), new Uint8Array(0));
    this.#live.set(path, file);
    return {
      write: async (bytes) => {
        this.#step('write', path);
        file.bytes = copyBytes(bytes);
      },
      sync: async () => {
        this.#step('sync', path);
        file.synced = file.bytes;
      },
      close: async () => this.#step('close', path),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step('rename', to);
    this.#live.set(to, this.#live.get(from)!);
    this.#live.delete(from);
  }

  async remove(path: string): Promise<void> {
    if (!this.#live.has(path)) return;
    this.#step('remove', path);
    this.#live.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#step('syncDirectory', path);
    for (const name of this.#durable.keys()) if (parentOf(name) === path) this.#durable.delete(name);
    for (const [name, file] of this.#live) if (parentOf(name) === path) this.#durable.set(name, file);
  }

  async hold(): Promise<DirectoryHold> {
    return { release: async () => undefined };
  }

  #step(operation: string, path: string): void {
    this.onStep({ operation, path });
  }
}

export function diskError(operation: string, path: string, errno: string): CaissonError {
  return new CaissonError('DISK_ERROR', { operation, path, errno });
}

function node(bytes: Uint8Array, synced: Uint8Array): FileNode {
  return { bytes: copyBytes(bytes), synced: copyBytes(synced) };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
