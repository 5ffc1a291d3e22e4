import type { CallContext } from './kv-service.js';
import { slot } from './token.js';

/** A backup on its way: the pieces of each group in order, and at the end what is said of them. */
export type BackupPart =
  | { readonly kind: 'piece'; readonly group: number; readonly number: number; readonly bytes: Uint8Array }
  /** The last one. Without it there is no backup. */
  | { readonly kind: 'manifest'; readonly bytes: Uint8Array };

/** Backups of a node while it serves. */
export interface BackupService {
  /** About how many bytes `create` would yield. Said from what lies on the disk; never exact. */
  estimate(): Promise<number>;
  /**
   * Everything that this node has applied, each group as of one moment; sealed values stay sealed. What is
   * written meanwhile is not in it. Disk space of what it reads is held until the caller has taken all of it
   * or leaves.
   *
   * A group whose state is replaced meanwhile by that of its leader ends it with `STORE_CLOSED`.
   */
  create(context: CallContext): AsyncIterable<BackupPart>;
}

export const BackupService = slot<BackupService>('BackupService');
