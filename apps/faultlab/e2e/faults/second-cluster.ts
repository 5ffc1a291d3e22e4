import { type BackupPart, BackupService, type NodeIdentity, Secret } from '@caisson/contracts';
import { BackupKeys, LocalKek, SecondCluster } from '@caisson/encryption';
import { SeededRandom } from '@caisson/compliance';
import type { KeyState } from '@caisson/formats';
import { BackupFolder, BackupReader, beginRestoredLog, firstEntryAfter } from '@caisson/node';
import type { Lab } from './lab.js';
import { Media } from './media.js';
import { AES_GCM, directoryOf, hashes, type LabNode } from './node.js';

const FOLDER = '/backup';

/** A backup of a node that serves, kept on a disk of its own. */
export async function backUp(lab: Lab, node: LabNode): Promise<Media> {
  const media = new Media();
  const folder = new BackupFolder(media.disk, hashes, FOLDER);
  await folder.make();
  for (const part of await lab.settled(partsOf(node))) await folder.add(part);
  return media;
}

async function partsOf(node: LabNode): Promise<readonly BackupPart[]> {
  const parts: BackupPart[] = [];
  for await (const part of node.host.get(BackupService).create({})) parts.push(part);
  return parts;
}

/** The disks of the first node of another cluster, made of the backup. */
export async function restored(backup: Media, identity: NodeIdentity, kek: number): Promise<Media> {
  const media = new Media();
  const random = new SeededRandom(kek + 77);
  const key = new Secret(new Uint8Array(32).fill(kek));
  const keks = [new LocalKek({ provider: `kek-${kek}`, key, ciphers: [AES_GCM], hashes, random })];
  const reader = await BackupReader.open(new BackupFolder(backup.disk, hashes, FOLDER), hashes);
  const keys = new BackupKeys({ keks, ciphers: [AES_GCM], hashes });
  const { disk, stores } = media;
  const directory = directoryOf(identity);
  await disk.makeDirectory(directory.path);
  const second = new SecondCluster({ keys, directory, disk, stores, random, nowMs: 1 });
  const [entry] = reader.manifest.groups;
  const state: KeyState = (await reader.keyState(entry!))!;
  await keys.open({ group: entry!.group, clusterId: reader.manifest.clusterId, state });
  await second.makeKeys([state]);
  const store = await second.openStore(entry!.group);
  await reader.read(entry!, (pairs) => second.add(store, pairs));
  await second.finish(store, entry!.group, { state, first: firstEntryAfter(entry!) });
  await store.close();
  const log = await media.logs.open(directory.group(entry!.group).log);
  await beginRestoredLog(log, entry!, { identity, random });
  await log.close();
  await second.recordKeys();
  return media;
}
