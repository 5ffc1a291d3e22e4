import { type BackupPart, CaissonError } from '@caisson/contracts';
import { backupProto, grpcMethods } from '@caisson/formats';
import { ClusterNode, type NodeAccess } from '../cluster/cluster-node.js';
import type { CallOptions } from '../options.js';

const METHODS = grpcMethods(backupProto.BackupDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** For backups that name no deadline: as long as any disk may take. */
const DEADLINE_MS_DEFAULT = 24 * 3_600_000;
/** Longer parts are none of ours, and are not gathered. */
const PART_BYTES_MAX = 64 * 1024 * 1024;

export interface BackupClientOptions extends NodeAccess {
  /** `host:port` of the node to back up. */
  readonly address: string;
}

export interface BackupOptions extends CallOptions {
  /** Told once, before the first part, about how many bytes there will be. */
  readonly onEstimate?: (bytes: number) => void;
}

/** Backups of one node while it serves. */
export class BackupClient {
  readonly #node: ClusterNode;

  constructor({ address, ...access }: BackupClientOptions) {
    this.#node = new ClusterNode(address, access);
  }

  /**
   * The parts of a backup, the manifest last. It is one only when that has come; a call that breaks off is
   * begun anew. Leaving the loop ends it.
   */
  async *create(options: BackupOptions = {}): AsyncGenerator<BackupPart, void, undefined> {
    const { deadlineMs = DEADLINE_MS_DEFAULT, signal, onEstimate } = options;
    const limits = { deadlineMs, ...(signal && { signal }) };
    let slices: Uint8Array[] = [];
    let length = 0;
    for await (const message of this.#node.follow(METHODS.create, {}, limits)) {
      if (message.estimate > 0n) onEstimate?.(Number(message.estimate));
      slices.push(message.bytes);
      length += message.bytes.length;
      if (length > PART_BYTES_MAX) throw new CaissonError('MESSAGE_MALFORMED', { field: 'bytes', length });
      if (!message.complete) continue;
      yield toPart(message, new Uint8Array(Buffer.concat(slices)));
      [slices, length] = [[], 0];
    }
  }

  /** Whether the node is connected right now. */
  get isConnected(): boolean {
    return this.#node.isConnected;
  }

  close(): void {
    this.#node.close();
  }
}

function toPart({ manifest, group, number }: backupProto.BackupMessage, bytes: Uint8Array): BackupPart {
  if (manifest) return { kind: 'manifest', bytes };
  return { kind: 'piece', group: Number(group), number: Number(number), bytes };
}
