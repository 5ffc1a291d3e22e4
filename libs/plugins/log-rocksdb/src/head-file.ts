import { damage, diskFault, makeDirectories, syncEntries } from '@caisson/disk';
import { closeSync, fsync, openSync, readSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { decodeState, encodeState, type LogState, NEVER_WRITTEN, STATE_BYTES } from './log-state.js';

const syncFile = promisify(fsync);

/**
 * What was acknowledged last, in a file outside of the database that it speaks about.
 *
 * Written in place after each synced batch: it may lag behind after a loss of power, and never runs ahead
 * of what is durable. It fits one sector and never changes its length, so that it is never torn.
 */
export class HeadFile {
  readonly #path: string;
  readonly #descriptor: number;

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  /** `undefined` when there is none. */
  static open(path: string): HeadFile | undefined {
    try {
      return new HeadFile(path, openSync(path, 'r+'));
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
      throw diskFault(error, { operation: 'open', path });
    }
  }

  /** The head of a log that holds nothing. It appears whole, and it and its directories are durable. */
  static create(path: string): HeadFile {
    return onDisk('create', path, () => {
      const directory = dirname(path);
      const changed = makeDirectories(directory);
      const fresh = `${path}.new`;
      writeFileSync(fresh, encodeState(NEVER_WRITTEN), { mode: 0o600, flush: true });
      renameSync(fresh, path);
      for (const each of [directory, ...changed]) syncEntries(each);
      return new HeadFile(path, openSync(path, 'r+'));
    });
  }

  read(): LogState {
    const row = Buffer.alloc(STATE_BYTES + 1);
    const length = onDisk('read', this.#path, () => readSync(this.#descriptor, row, 0, row.length, 0));
    const state = decodeState(row.subarray(0, length));
    if (state === undefined) throw damage(this.#path, 'fails its checksum');
    return state;
  }

  /** `row` is an encoded state. On this thread: writing to the page cache is cheaper than a detour. */
  write(row: Buffer): void {
    onDisk('write', this.#path, () => writeSync(this.#descriptor, row, 0, STATE_BYTES, 0));
  }

  async sync(): Promise<void> {
    try {
      await syncFile(this.#descriptor);
    } catch (error) {
      throw diskFault(error, { operation: 'fsync', path: this.#path });
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

export function syncDirectory(path: string): void {
  onDisk('fsync', path, () => syncEntries(path));
}

function onDisk<T>(operation: string, path: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw diskFault(error, { operation, path });
  }
}
