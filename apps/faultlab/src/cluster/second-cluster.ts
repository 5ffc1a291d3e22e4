import {
  type Clock,
  type DataDirectory,
  type KekProvider,
  type Pair,
  ReplicationEngine,
  StoredStates,
} from '@caisson/contracts';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { SeededRandom } from '@caisson/compliance';
import { BackupKeys, SecondCluster } from '@caisson/encryption';
import { BackupFolder, BackupReader, beginRestoredLog, firstEntryAfter, NodeBackup } from '@caisson/node';
import { NodeHashes } from '@caisson/platform-node';
import { DiskLogs, DiskStores, type SimulatedDisk } from '@caisson/simulator';
import type { Host } from './host.js';
import type { Machine } from './machine.js';

const hashes = new NodeHashes();
const ciphers = [new AesGcmCipher()];
const PATH = '/backup';

export interface RestoreParts {
  readonly keks: readonly KekProvider[];
  readonly random: SeededRandom;
  readonly nowMs: number;
}

/** A node with its disk, running or not. */
export interface NodePlace {
  readonly directory: DataDirectory;
  readonly disk: SimulatedDisk;
}

export interface BackupSource extends NodePlace {
  readonly host: Host;
  readonly clock: Clock;
}

/** A folder that holds a backup, or is to. */
export function backupFolder(disk: SimulatedDisk): BackupFolder {
  return new BackupFolder(disk, hashes, PATH);
}

export function placeOf(machine: Machine): NodePlace {
  return { directory: machine.directory, disk: machine.disk.platter };
}

/** Backs up what a node that serves holds. */
export async function backUp(source: BackupSource, vault: SimulatedDisk): Promise<void> {
  const { clock, directory, disk, host } = source;
  const folder = backupFolder(vault);
  await folder.make();
  const states = host.get(StoredStates);
  const engine = host.get(ReplicationEngine);
  const backup = new NodeBackup({ states, engine, directory, disk, clock, hashes });
  for await (const part of backup.create({})) await folder.add(part);
}

/** Makes the backup the first node of another cluster, as `caisson backup restore` does. */
export async function restoreInto(
  { directory, disk }: NodePlace,
  vault: SimulatedDisk,
  { keks, nowMs, random }: RestoreParts,
): Promise<void> {
  const reader = await BackupReader.open(backupFolder(vault), hashes);
  const keys = new BackupKeys({ keks, ciphers, hashes });
  await disk.makeDirectory(directory.path);
  await disk.syncDirectory('/');
  const second = new SecondCluster({ keys, directory, disk, stores: new DiskStores(disk), random, nowMs });
  const { clusterId, groups } = reader.manifest;
  const states = [];
  for (const entry of groups) {
    const state = await reader.keyState(entry);
    if (state === undefined) continue;
    await keys.open({ group: entry.group, clusterId, state });
    states.push(state);
  }
  if (states.length > 0) await second.makeKeys(states);
  for (const entry of groups) {
    const store = await second.openStore(entry.group);
    const { keyState } = await reader.read(entry, (pairs: readonly Pair[]) => second.add(store, pairs));
    await second.finish(store, entry.group, { state: keyState, first: firstEntryAfter(entry) });
    await store.close();
    const log = await new DiskLogs(disk).open(directory.group(entry.group).log);
    await beginRestoredLog(log, entry, { identity: directory.identity, random });
    await log.close();
  }
  await second.recordKeys();
  keys.close();
}
