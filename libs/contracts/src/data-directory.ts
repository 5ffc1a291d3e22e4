import { slot } from './token.js';

/** How the node's first entries begin: with keys, or without encryption. */
export type Birth = 'encrypted' | 'clear';

/** What `node.json` records before the first log entry exists. Immutable afterwards. */
export interface NodeIdentity {
  /** 1..128 bytes of UTF-8; unique in the cluster. */
  readonly name: string;
  /** 16 random bytes. */
  readonly clusterId: Uint8Array;
  readonly format: number;
  readonly birth: Birth;
  /**
   * Whether the node was made to join a cluster that exists. Such a node founds nothing: it waits until it is
   * let in.
   */
  readonly joined?: boolean;
}

export interface GroupPaths {
  readonly log: string;
  readonly store: string;
  readonly snapshots: string;
}

/**
 * The directory of one node, held by this process from its start to its stop.
 *
 * Starting takes the lock first, before any other file is touched: `DIRECTORY_LOCKED`, `DISK_READ_ONLY`,
 * `DIRECTORY_NOT_INITIALIZED` and `DIRECTORY_FORMAT` leave the directory as it was. Reading a property before
 * the start is a bug of the caller.
 */
export interface DataDirectory {
  readonly path: string;
  readonly identity: NodeIdentity;
  /** `encryption/keys.json` and its temporary neighbours. */
  readonly encryptionPath: string;
  group(id: number): GroupPaths;
}

export const DataDirectory = slot<DataDirectory>('DataDirectory');
