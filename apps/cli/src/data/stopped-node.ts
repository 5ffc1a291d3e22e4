import { type BackupPart, CaissonError, type RaftLog, type UntrustedStore } from '@caisson/contracts';
import { HeldDirectory } from '@caisson/data-directory';
import { openStoppedGroup } from '@caisson/encryption';
import { RocksdbLogs } from '@caisson/log-rocksdb';
import { backupParts, type BackupMoment } from '@caisson/node';
import { RocksdbStores } from '@caisson/store-rocksdb';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { OfflineParts } from './backup-parts.js';

const INTENT = 'install';

/** A node that does not run, held so that none starts while it is backed up. Nothing in it is changed. */
export class StoppedNode {
  readonly #parts: OfflineParts;
  readonly #directory: HeldDirectory;
  readonly #open: { close(): Promise<void> }[] = [];
  readonly #moments: BackupMoment[] = [];

  private constructor(parts: OfflineParts, directory: HeldDirectory) {
    this.#parts = parts;
    this.#directory = directory;
  }

  static async open(parts: OfflineParts, dataDir: string): Promise<StoppedNode> {
    const directory = new HeldDirectory(parts.disk, dataDir);
    await directory.open();
    const node = new StoppedNode(parts, directory);
    try {
      for (const id of await node.#groups()) await node.#openGroup(id);
      return node;
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  parts(createdMs: number): AsyncGenerator<BackupPart, void> {
    const { hashes } = this.#parts;
    return backupParts({ moments: this.#moments, identity: this.#directory.identity, createdMs, hashes });
  }

  /** Bytes on disk; a backup has about as many. */
  async bytes(): Promise<number> {
    let bytes = 0;
    for (const { group } of this.#moments) bytes += await bytesBelow(this.#directory.group(group).store);
    return bytes;
  }

  async close(): Promise<void> {
    for (const { view } of this.#moments) await view.close();
    for (const open of this.#open.reverse()) await open.close();
    await this.#directory.close();
  }

  async #groups(): Promise<readonly number[]> {
    const names = (await this.#parts.disk.list(join(this.#directory.path, 'groups'))) ?? [];
    const ids = names.map(Number).sort((a, b) => a - b);
    if (ids.length > 0) return ids;
    throw new CaissonError('INVALID_ARGUMENT', { field: 'data-dir', limit: 'a node that has run' });
  }

  async #openGroup(id: number): Promise<void> {
    const paths = this.#directory.group(id);
    if (await this.#parts.disk.status(join(paths.snapshots, INTENT))) {
      const limit = 'a node that is not half-way through a snapshot: start it once';
      throw new CaissonError('INVALID_ARGUMENT', { field: 'data-dir', group: id, limit });
    }
    const store = this.#keep(await new RocksdbStores().open(paths.store));
    const log: RaftLog = this.#keep(await new RocksdbLogs().open(paths.log));
    const { view, applied } = await openStoppedGroup(
      { id, store },
      this.#directory.identity,
      this.#parts.keys,
    );
    this.#moments.push({ group: id, term: await log.term(applied), view });
  }

  #keep<T extends UntrustedStore | RaftLog>(open: T): T {
    this.#open.push(open);
    return open;
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const status = await lstat(path);
    bytes += status.isDirectory() ? await bytesBelow(path) : status.size;
  }
  return bytes;
}
