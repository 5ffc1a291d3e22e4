import { CaissonError, type NodeIdentity, type Pair } from '@caisson/contracts';
import { HeldDirectory, initialiseDirectory } from '@caisson/data-directory';
import { SecondCluster } from '@caisson/encryption';
import type { BackupGroup, KeyState } from '@caisson/formats';
import { RocksdbLogs } from '@caisson/log-rocksdb';
import { BackupFolder, BackupReader, beginRestoredLog, firstEntryAfter } from '@caisson/node';
import { NodeClock } from '@caisson/platform-node';
import { RocksdbStores } from '@caisson/store-rocksdb';
import type { OfflineParts } from './backup-parts.js';
import { BackupProofs } from './backup-proofs.js';
import { bytesOf } from './backup-verify.js';

export interface RestoreOptions {
  readonly path: string;
  readonly dataDir: string;
  readonly name: string;
  onBytes(done: number, total: number): void;
  readonly signal: AbortSignal;
}

const RESTORING = '.restoring';

/**
 * Makes a backup the first node of another cluster.
 *
 * Everything is made beside `dataDir` and takes its place in one step once it was proved, so that a
 * restoration that fails or is killed leaves no node that could be started; repeating it begins anew.
 */
export async function restoreBackup(parts: OfflineParts, options: RestoreOptions): Promise<NodeIdentity> {
  const { disk, hashes } = parts;
  const { dataDir } = options;
  const reader = await BackupReader.open(new BackupFolder(disk, hashes, options.path), hashes);
  const found = (await disk.list(dataDir))?.[0];
  if (found !== undefined) throw new CaissonError('DIRECTORY_NOT_EMPTY', { path: dataDir, found });
  const beside = `${dataDir}${RESTORING}`;
  await removeLeftover(parts, beside);
  const { birth } = reader.manifest;
  const identity = await initialiseDirectory({
    disk,
    random: parts.random,
    path: beside,
    name: options.name,
    birth,
  });
  const directory = new HeldDirectory(disk, beside);
  await directory.open();
  try {
    await new Restoration(parts, options, reader, directory).run();
  } catch (error) {
    await directory.close();
    await disk.remove(beside);
    throw error;
  }
  await directory.close();
  await disk.rename(beside, dataDir);
  await disk.syncDirectory(disk.join(dataDir, '..'));
  return identity;
}

/** What a restoration that was killed left; one that is under way holds its lock. */
async function removeLeftover({ disk }: OfflineParts, path: string): Promise<void> {
  if ((await disk.status(path)) === undefined) return;
  const hold = await disk.hold(disk.join(path, 'LOCK'));
  await hold.release();
  await disk.remove(path);
}

class Restoration {
  readonly #second: SecondCluster;
  readonly #proofs: BackupProofs;
  #done = 0;

  constructor(
    private readonly parts: OfflineParts,
    private readonly options: RestoreOptions,
    private readonly reader: BackupReader,
    private readonly directory: HeldDirectory,
  ) {
    const { disk, keys, random } = parts;
    const stores = new RocksdbStores();
    const nowMs = new NodeClock().nowMs();
    this.#second = new SecondCluster({ disk, keys, random, stores, directory, nowMs });
    this.#proofs = new BackupProofs(keys, reader);
  }

  async run(): Promise<void> {
    const states = await this.#openKeys();
    if (states.length > 0) await this.#second.makeKeys(states, this.options.signal);
    for (const entry of this.reader.manifest.groups) await this.#restoreGroup(entry);
    await this.#second.recordKeys();
  }

  async #openKeys(): Promise<readonly KeyState[]> {
    const { groups, clusterId } = this.reader.manifest;
    const states: KeyState[] = [];
    for (const entry of groups) {
      const state = await this.reader.keyState(entry);
      if (state === undefined) continue;
      await this.parts.keys.open({ group: entry.group, clusterId, state }, this.options.signal);
      states.push(state);
    }
    return states;
  }

  async #restoreGroup(entry: BackupGroup): Promise<void> {
    const store = await this.#second.openStore(entry.group);
    try {
      const add = async (pairs: readonly Pair[]) => {
        await this.#second.add(store, pairs);
        this.#tell(bytesOf(pairs));
      };
      const found = await this.reader.read(entry, add, this.options.signal);
      this.#proofs.require(found);
      await this.#second.finish(store, entry.group, { state: found.keyState, first: firstEntryAfter(entry) });
    } finally {
      await store.close();
    }
    await this.#beginLog(entry);
  }

  async #beginLog(entry: BackupGroup): Promise<void> {
    const log = await new RocksdbLogs().open(this.directory.group(entry.group).log);
    try {
      const { identity } = this.directory;
      await beginRestoredLog(log, entry, { identity, random: this.parts.random });
    } finally {
      await log.close();
    }
  }

  #tell(bytes: number): void {
    this.#done += bytes;
    const total = this.reader.manifest.groups.reduce((sum, group) => sum + group.bytes, 0);
    this.options.onBytes(this.#done, total);
  }
}
