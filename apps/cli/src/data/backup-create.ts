import type { BackupClient } from '@caisson/client';
import type { BackupPart } from '@caisson/contracts';
import type { BackupManifest } from '@caisson/formats';
import { BackupFolder } from '@caisson/node';
import { NodeClock, NodeDisk, NodeHashes } from '@caisson/platform-node';
import { openOfflineParts } from './backup-parts.js';
import { StoppedNode } from './stopped-node.js';

export interface BackupOrder {
  /** Where to; must not exist or be empty. */
  readonly folder: string;
  /** `total` is an estimate. */
  onBytes(done: number, total: number): void;
  readonly signal: AbortSignal;
}

export interface Created {
  readonly manifest: BackupManifest;
  readonly bytes: number;
}

/** Of a node that does not run. */
export async function backUpStopped(
  { dataDir, kekPaths }: { readonly dataDir: string; readonly kekPaths: readonly string[] },
  order: BackupOrder,
): Promise<Created> {
  const parts = await openOfflineParts(kekPaths);
  try {
    const node = await StoppedNode.open(parts, dataDir);
    try {
      const total = await node.bytes();
      return await keep(node.parts(new NodeClock().nowMs()), order, () => total);
    } finally {
      await node.close();
    }
  } finally {
    parts.keys.close();
  }
}

/** Of a node that serves. */
export async function backUpServing(
  client: BackupClient,
  order: BackupOrder & { readonly deadlineMs: number },
): Promise<Created> {
  const { deadlineMs, signal } = order;
  let total = 1;
  const parts = client.create({ deadlineMs, signal, onEstimate: (bytes) => (total = bytes) });
  return keep(parts, order, () => total);
}

/** What breaks off leaves no folder. */
async function keep(
  parts: AsyncIterable<BackupPart>,
  { folder: path, onBytes, signal }: BackupOrder,
  total: () => number,
): Promise<Created> {
  const folder = new BackupFolder(new NodeDisk(), new NodeHashes(), path);
  await folder.make();
  let bytes = 0;
  try {
    for await (const part of parts) {
      signal.throwIfAborted();
      await folder.add(part);
      onBytes((bytes += part.bytes.length), total());
    }
    return { manifest: await folder.manifest(), bytes };
  } catch (error) {
    await folder.discard();
    throw error;
  }
}
