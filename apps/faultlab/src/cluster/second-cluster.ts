import { type KekProvider, type Pair, ReplicationEngine, StoredStates } from '@caisson/contracts';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { SeededRandom } from '@caisson/compliance';
import { BackupKeys, SecondCluster } from '@caisson/encryption';
import { BackupFolder, BackupReader, beginRestoredLog, firstEntryAfter, NodeBackup } from '@caisson/node';
import { NodeHashes } from '@caisson/platform-node';
import { DiskLogs, DiskStores, SimulatedDisk } from '@caisson/simulator';
import type { Machine } from './machine.js';

const hashes = new NodeHashes();
const ciphers = [new AesGcmCipher()];
const PATH = '/backup';

export interface RestoreParts {
  readonly keks: readonly KekProvider[];
  readonly random: SeededRandom;
  readonly nowMs: number;
}

/** A backup of what a node that serves holds, on a disk of its own. */
export async function backUp(source: Machine): Promise<SimulatedDisk> {
  const { host } = source.process!;
  const vault = new SimulatedDisk();
  const folder = new BackupFolder(vault, hashes, PATH);
  await folder.make();
  const backup = new NodeBackup({
    states: host.get(StoredStates),
    engine: host.get(ReplicationEngine),
    directory: source.directory,
    disk: source.disk.platter,
    clock: source.equipment.time,
    hashes,
  });
  for await (const part of backup.create({})) await folder.add(part);
  return vault;
}

/** Makes the backup the first node of another cluster, as `caisson backup restore` does. */
export async function restoreInto(target: Machine, vault: SimulatedDisk, parts: RestoreParts): Promise<void> {
  const { keks, nowMs, random } = parts;
  const { directory } = target;
  const reader = await BackupReader.open(new BackupFolder(vault, hashes, PATH), hashes);
  const keys = new BackupKeys({ keks, ciphers, hashes });
  const disk = target.disk.platter;
  await target.disk.prepare();
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
