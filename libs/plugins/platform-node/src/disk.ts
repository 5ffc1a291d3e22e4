import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectoryHold, Disk, DiskFile, FileStatus } from '@caisson/contracts';
import { makeDirectories } from './directories.js';
import { errnoOf, onDisk, refusal } from './disk-errors.js';
import { holdDirectory } from './hold.js';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const PERMISSIONS = 0o777;

/** Files of the operating system. */
export class NodeDisk implements Disk {
  join(...parts: readonly string[]): string {
    return join(...parts);
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const stats = await onDisk({ operation: 'status', path, writes: false }, () =>
      absent(lstat(path), 'ENOENT', 'ENOTDIR'),
    );
    if (stats === undefined) return undefined;
    const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other';
    return { kind, bytes: stats.size, mode: stats.mode & PERMISSIONS };
  }

  /** Follows symbolic links, because mounted secrets are links. */
  async read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const at = { operation: 'read', path, writes: false };
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const handle = await onDisk(at, () => absent(open(path, flags), 'ENOENT'));
    if (handle === undefined) return undefined;
    try {
      const stats = await onDisk(at, () => handle.stat());
      if (!stats.isFile()) throw refusal(at, 'EINVAL', 'not a regular file');
      if (stats.size > maxBytes) throw refusal(at, 'EFBIG', `larger than ${maxBytes} bytes`);
      const bytes = await onDisk(at, () => readUpTo(handle, maxBytes + 1));
      if (bytes.length > maxBytes) throw refusal(at, 'EFBIG', `larger than ${maxBytes} bytes`);
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    const names = await onDisk({ operation: 'list', path, writes: false }, () =>
      absent(readdir(path), 'ENOENT'),
    );
    return names?.sort();
  }

  async makeDirectory(path: string): Promise<void> {
    const at = { operation: 'makeDirectory', path, writes: true };
    await onDisk(at, () => makeDirectories(path, DIRECTORY_MODE));
  }

  async create(path: string): Promise<DiskFile> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const handle = await onDisk({ operation: 'create', path, writes: true }, () =>
      open(path, flags, FILE_MODE),
    );
    return new NodeDiskFile(handle, path);
  }

  async rename(from: string, to: string): Promise<void> {
    await onDisk({ operation: 'rename', path: to, writes: true }, () => rename(from, to));
  }

  async remove(path: string): Promise<void> {
    await onDisk({ operation: 'remove', path, writes: true }, () =>
      rm(path, { recursive: true, force: true }),
    );
  }

  async syncDirectory(path: string): Promise<void> {
    await onDisk({ operation: 'syncDirectory', path, writes: true }, async () => {
      const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  hold(path: string): Promise<DirectoryHold> {
    return holdDirectory(path);
  }
}

class NodeDiskFile implements DiskFile {
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await onDisk({ operation: 'write', path: this.#path, writes: true }, async () => {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    });
  }

  async sync(): Promise<void> {
    await onDisk({ operation: 'sync', path: this.#path, writes: true }, () => this.#handle.sync());
  }

  async close(): Promise<void> {
    await onDisk({ operation: 'close', path: this.#path, writes: true }, () => this.#handle.close());
  }
}

/** `undefined` for the errnos that mean "there is nothing here". */
async function absent<T>(step: Promise<T>, ...errnos: readonly string[]): Promise<T | undefined> {
  try {
    return await step;
  } catch (error) {
    if (errnos.includes(errnoOf(error))) return undefined;
    throw error;
  }
}

/** Reads to the end whatever the file's size claims, since some files claim none. */
async function readUpTo(handle: FileHandle, limit: number): Promise<Uint8Array> {
  const { size } = await handle.stat();
  let bytes = new Uint8Array(Math.min(limit, size + 1));
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
    length += bytesRead;
    if (bytesRead === 0 || length === limit) return bytes.slice(0, length);
    if (length < bytes.length) continue;
    const grown = new Uint8Array(Math.min(limit, bytes.length * 2));
    grown.set(bytes);
    bytes = grown;
  }
}
