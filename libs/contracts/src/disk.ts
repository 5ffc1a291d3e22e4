import { slot } from './token.js';

/** What a path is, not following a final symbolic link. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other';
  readonly bytes: number;
  /** Permission bits, such as 0o600. */
  readonly mode: number;
}

/** A file opened for writing. Not buffered: `write` has reached the operating system when it resolves. */
export interface DiskFile {
  /** Writes all of `bytes` at `offset`. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /**
   * What was written survives power loss once this resolves. After it fails nothing is known of any write.
   */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Holds a directory for one process. Freed by `release`, and by the kernel when the process dies. */
export interface DirectoryHold {
  release(): Promise<void>;
}

/**
 * Files of the data directory, for the few files that are not inside a store or log.
 *
 * Paths are absolute, joined with `join`. Failures are `DISK_FULL` (ENOSPC, EDQUOT), `DISK_READ_ONLY` (EROFS,
 * EACCES, EPERM on a write) or `DISK_ERROR`, with `operation`, `path` and `errno`. A missing file is
 * `undefined` where the signature says so, else `DISK_ERROR`.
 */
export interface Disk {
  join(...parts: readonly string[]): string;
  status(path: string): Promise<FileStatus | undefined>;
  /**
   * The whole file, at most `maxBytes`; larger is `DISK_ERROR`. Never blocks on a FIFO or device: those are
   * refused.
   */
  read(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Names in a directory, sorted; `undefined` when it does not exist. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** Creates the directory and its parents with mode 0700; existing ones are left alone. */
  makeDirectory(path: string): Promise<void>;
  /** A new file of mode 0600; an existing one is refused (O_EXCL). */
  create(path: string): Promise<DiskFile>;
  /** Atomic within one directory. Durable only after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all it holds. Missing is fine. */
  remove(path: string): Promise<void>;
  /** Creations, renames and removals in the directory survive power loss once this resolves. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes the directory for this process: `DIRECTORY_LOCKED` when another one holds it, `DISK_READ_ONLY` when
   * it cannot be written. Held by the kernel, free at once after SIGKILL. May create files inside `path`.
   */
  hold(path: string): Promise<DirectoryHold>;
}

export const Disk = slot<Disk>('Disk');
