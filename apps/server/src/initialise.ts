import { CaissonError, type Birth } from '@caisson/contracts';
import { initialiseDirectory, type JoiningCluster } from '@caisson/data-directory';
import { NodeDisk, NodeRandom } from '@caisson/platform-node';
import { isAbsolute, relative, resolve } from 'node:path';

const KEK_BYTES = 32;
const KEK_MODE = 0o600;

export interface InitialiseOptions {
  readonly dataDir: string;
  readonly name: string;
  /** Of a node that founds its cluster; one that joins is born as the cluster was. */
  readonly birth?: Birth;
  /** The cluster to join, as its token says. */
  readonly cluster?: JoiningCluster['cluster'];
  /**
   * Ignored for a clear birth. A founder gets a development KEK made here when none is there; a node that
   * joins must bring the one of its cluster.
   */
  readonly kekPath?: string;
}

export interface Initialised {
  readonly dataDir: string;
  readonly birth: Birth;
  readonly kekPath?: string;
  /** Whether this call made the KEK; false when the file was there already. */
  readonly kekCreated: boolean;
}

/**
 * Makes a node's directory and, for development, a KEK file outside it.
 *
 * The KEK comes first: a directory without its key is useless, a key without a directory harms nobody.
 * `INVALID_ARGUMENT` for a KEK inside the data directory, because whoever takes the directory would take
 * both. `KEK_NOT_FOUND` for a node that is to join an encrypted cluster without that cluster’s KEK.
 */
export async function initialiseNode(options: InitialiseOptions): Promise<Initialised> {
  const disk = new NodeDisk();
  const random = new NodeRandom();
  const dataDir = resolve(options.dataDir);
  const { name, cluster } = options;
  const birth = cluster?.birth ?? options.birth ?? 'encrypted';
  const kekPath = birth === 'encrypted' && options.kekPath ? resolve(options.kekPath) : undefined;
  if (kekPath && isInside(dataDir, kekPath)) {
    throw new CaissonError('INVALID_ARGUMENT', { field: 'kek-file', limit: 'outside the data directory' });
  }
  if (kekPath && cluster && !(await disk.status(kekPath)))
    throw new CaissonError('KEK_NOT_FOUND', { path: kekPath });
  const kekCreated = kekPath !== undefined && (await createKek(disk, random, kekPath));
  const node = { disk, random, path: dataDir, name };
  await initialiseDirectory(cluster ? { ...node, cluster } : { ...node, birth });
  return { dataDir, birth, kekCreated, ...(kekPath ? { kekPath } : {}) };
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

async function createKek(disk: NodeDisk, random: NodeRandom, path: string): Promise<boolean> {
  if (await disk.status(path)) return false;
  const folder = resolve(path, '..');
  await disk.makeDirectory(folder);
  const key = random.bytes(KEK_BYTES);
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = await disk.create(temporary);
    try {
      await file.write(key, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
    await disk.syncDirectory(folder);
  } finally {
    key.fill(0);
    await disk.remove(temporary);
  }
  return true;
}

/** Permission bits of a KEK made here, for what is told to people. */
export const KEK_FILE_MODE = KEK_MODE.toString(8);
