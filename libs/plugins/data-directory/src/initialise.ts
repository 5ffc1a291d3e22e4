import { type Birth, CaissonError, type Disk, type NodeIdentity, type Random } from '@caisson/contracts';
import { CLUSTER_ID_BYTES, type JoinToken } from '@caisson/formats';
import { LAYOUT } from './layout.js';
import { DIRECTORY_FORMAT_VERSION, encodeNodeFile, isNodeName, NODE_NAME_BYTES_MAX } from './node-file.js';

export type Initialisation = NewNode & (FirstOfCluster | JoiningCluster);

export interface NewNode {
  readonly disk: Disk;
  readonly random: Random;
  /** Absolute. Created with its parents when missing. */
  readonly path: string;
  readonly name: string;
}

/** A node that founds its cluster. */
export interface FirstOfCluster {
  readonly birth: Birth;
  /** A fresh one when absent. */
  readonly clusterId?: Uint8Array;
  readonly cluster?: undefined;
}

/** A node that waits to be let into a cluster, and is born as that cluster was. */
export interface JoiningCluster {
  /** As its join token says. */
  readonly cluster: Pick<JoinToken, 'clusterId' | 'birth' | 'format'>;
}

/** What an initialisation that was killed may leave behind. Anything else belongs to somebody. */
const LEFTOVERS: readonly string[] = [LAYOUT.lock, LAYOUT.nodeTemporary];

/**
 * Makes `path` the directory of a new node, durably. Killed at any point it leaves either a whole node or
 * what the next attempt takes over.
 *
 * `DIRECTORY_NOT_EMPTY`, `INVALID_ARGUMENT` and `DIRECTORY_FORMAT` (the cluster is of a newer one) change
 * nothing; `DIRECTORY_LOCKED` means that another process is initialising it.
 */
export async function initialiseDirectory(wanted: Initialisation): Promise<NodeIdentity> {
  const { disk, path } = wanted;
  const identity = identityOf(wanted);
  await refuseForeign(disk, path);
  const above = await missingParents(disk, path);
  await disk.makeDirectory(path);
  const hold = await disk.hold(disk.join(path, LAYOUT.lock));
  try {
    await refuseForeign(disk, path);
    await writeNodeFile(disk, path, encodeNodeFile(identity));
    for (const parent of above) await disk.syncDirectory(parent);
    return identity;
  } finally {
    await hold.release();
  }
}

function identityOf(wanted: Initialisation): NodeIdentity {
  const { name, cluster, random } = wanted;
  if (!isNodeName(name)) {
    throw new CaissonError('INVALID_ARGUMENT', { field: 'name', limit: NODE_NAME_BYTES_MAX });
  }
  const format = DIRECTORY_FORMAT_VERSION;
  if (cluster !== undefined && cluster.format > format) {
    throw new CaissonError('DIRECTORY_FORMAT', { format: cluster.format, newest: format });
  }
  const { birth } = cluster ?? wanted;
  const clusterId = (cluster ?? wanted).clusterId ?? random.bytes(CLUSTER_ID_BYTES);
  if (clusterId.length !== CLUSTER_ID_BYTES) {
    throw new CaissonError('INVALID_ARGUMENT', { field: 'clusterId', limit: CLUSTER_ID_BYTES });
  }
  return { name, clusterId, format, birth, ...(cluster === undefined ? {} : { joined: true }) };
}

async function refuseForeign(disk: Disk, path: string): Promise<void> {
  const status = await disk.status(path);
  const isDirectory = status?.kind === 'directory';
  if (status !== undefined && !isDirectory)
    throw new CaissonError('DIRECTORY_NOT_EMPTY', { path, found: 'a file' });
  const foreign = (await disk.list(path))?.find((found) => !LEFTOVERS.includes(found));
  if (foreign !== undefined) throw new CaissonError('DIRECTORY_NOT_EMPTY', { path, found: foreign });
}

/** The rename is the moment from which there is a node; the directory's sync makes it last. */
async function writeNodeFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = disk.join(path, LAYOUT.nodeTemporary);
  await disk.remove(temporary);
  try {
    const file = await disk.create(temporary);
    try {
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, disk.join(path, LAYOUT.node));
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(path);
}

/** The directories whose entries are about to be created: the way to the node must last as the node does. */
async function missingParents(disk: Disk, path: string): Promise<readonly string[]> {
  const parents: string[] = [];
  for (let at = path; (await disk.status(at)) === undefined; ) {
    at = disk.join(at, '..');
    parents.push(at);
  }
  return parents;
}
