import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { RegisteredEpoch, UntrustedStore } from '@caisson/contracts';
import { HeldDirectory } from '@caisson/data-directory';
import { type ClosedGroup, SidecarRebuild, type SidecarRebuilt } from '@caisson/encryption';
import { FileKek } from '@caisson/kek-file';
import { NodeClock, NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { RocksdbStores } from '@caisson/store-rocksdb';
import { join } from 'node:path';

export interface RebuildOrder {
  readonly dataDir: string;
  readonly kekPaths: readonly string[];
  /** What another member saw registered of the node of this name. */
  readonly epochsOf: (name: string) => Promise<readonly RegisteredEpoch[]>;
}

/** The sidecar of a stopped node, made anew. The node is held, so that it does not start meanwhile. */
export async function rebuildSidecar(
  order: RebuildOrder,
): Promise<SidecarRebuilt & { readonly path: string }> {
  const disk = new NodeDisk();
  const directory = new HeldDirectory(disk, order.dataDir);
  await directory.open();
  const stores: UntrustedStore[] = [];
  try {
    const hashes = new NodeHashes();
    const ciphers = [new AesGcmCipher()];
    const keks: FileKek[] = [];
    for (const path of order.kekPaths) {
      const kek = new FileKek(path, { disk, hashes, ciphers, random: new NodeRandom() });
      await kek.open();
      keks.push(kek);
    }
    const seen = await order.epochsOf(directory.identity.name);
    const groups: ClosedGroup[] = [];
    for (const id of await groupIds(disk, directory)) {
      const store = await new RocksdbStores().open(directory.group(id).store);
      stores.push(store);
      groups.push({ id, store });
    }
    const rebuild = new SidecarRebuild({ directory, disk, keks, ciphers, hashes, clock: new NodeClock() });
    return { ...(await rebuild.carryOut(groups, seen)), path: directory.encryptionPath };
  } finally {
    for (const store of stores) await store.close();
    await directory.close();
  }
}

/** Groups whose store is there: a group that never had one has nothing to tell. */
async function groupIds(disk: NodeDisk, directory: HeldDirectory): Promise<readonly number[]> {
  const names = (await disk.list(join(directory.path, 'groups'))) ?? [];
  const found: number[] = [];
  for (const id of names.map(Number).sort((a, b) => a - b)) {
    if (await disk.status(directory.group(id).store)) found.push(id);
  }
  return found;
}
