import { invariant } from '@caisson/base';
import {
  CaissonError,
  type DataDirectory,
  type DirectoryHold,
  type Disk,
  type GroupPaths,
  type NodeIdentity,
} from '@caisson/contracts';
import { LAYOUT } from './layout.js';
import { decodeNodeFile, NODE_FILE_BYTES_MAX } from './node-file.js';

/** The directory of one node between `open` and `close`. */
export class HeldDirectory implements DataDirectory {
  readonly path: string;
  readonly #disk: Disk;
  #hold: DirectoryHold | undefined;
  #identity: NodeIdentity | undefined;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.path = path;
  }

  get identity(): NodeIdentity {
    invariant('DIRECTORY-1', this.#identity !== undefined, 'the identity was read before the start');
    return this.#identity;
  }

  get encryptionPath(): string {
    return this.#disk.join(this.path, LAYOUT.encryption);
  }

  group(id: number): GroupPaths {
    invariant('DIRECTORY-2', Number.isSafeInteger(id) && id >= 0, 'a group id is no path');
    const group = this.#disk.join(this.path, LAYOUT.groups, String(id));
    return {
      log: this.#disk.join(group, 'log'),
      store: this.#disk.join(group, 'store'),
      snapshots: this.#disk.join(group, 'snapshots'),
    };
  }

  /** The lock comes first, except where there is no node: then not even the lock is created. */
  async open(): Promise<void> {
    const nodePath = this.#disk.join(this.path, LAYOUT.node);
    if ((await this.#disk.status(nodePath)) === undefined) throw this.#notInitialised();
    const hold = await this.#disk.hold(this.#disk.join(this.path, LAYOUT.lock));
    try {
      const bytes = await this.#disk.read(nodePath, NODE_FILE_BYTES_MAX);
      if (bytes === undefined) throw this.#notInitialised();
      this.#identity = decodeNodeFile(bytes);
    } catch (error) {
      await hold.release();
      throw error;
    }
    this.#hold = hold;
  }

  async close(): Promise<void> {
    await this.#hold?.release();
  }

  #notInitialised(): CaissonError {
    return new CaissonError('DIRECTORY_NOT_INITIALIZED', { path: this.path });
  }
}
