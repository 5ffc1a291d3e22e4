import { CaissonError, isCaissonError } from '@caisson/contracts';
import { auditProto, grpcMethods } from '@caisson/formats';
import { ClusterNode, type NodeAccess } from '../cluster/cluster-node.js';
import type { CallOptions } from '../options.js';

const METHODS = grpcMethods(auditProto.AuditDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);
const DEADLINE_MS_DEFAULT = 60_000;

export interface AuditClientOptions extends NodeAccess {
  /** `host:port` of one or more nodes. */
  readonly addresses: readonly string[];
}

export interface AuditRead extends CallOptions {
  /** Number of the first line wanted; default 1. */
  readonly first?: number;
  /** Everything that was acknowledged before the call, or a failure. Default: what the node has applied. */
  readonly current?: boolean;
}

/** Rows as they are stored. The last page has none, but the head row; empty for a record of nothing. */
export interface ReadPage {
  readonly node: string;
  readonly rows: readonly { readonly number: number; readonly row: Uint8Array }[];
  readonly head: Uint8Array;
}

/** Reads the record of what was ordered of a cluster. */
export class AuditClient {
  readonly #nodes = new Map<string, ClusterNode>();

  constructor(private readonly options: AuditClientOptions) {
    if (options.addresses.length === 0)
      throw new CaissonError('INVALID_ARGUMENT', { field: 'addresses', limit: 'at least one' });
  }

  /** From the first node that answers; one that is lost on the way is followed by the next, where it was. */
  async *read(asked: AuditRead = {}): AsyncGenerator<ReadPage, void, undefined> {
    let first = asked.first ?? 1;
    const left = [...this.options.addresses];
    for (let address = left.shift()!; ; address = left.shift()!) {
      try {
        for await (const page of this.readFrom(address, { ...asked, first })) {
          first = (page.rows.at(-1)?.number ?? first - 1) + 1;
          yield page;
        }
        return;
      } catch (error) {
        if (left.length === 0 || !isCaissonError(error, 'UNAVAILABLE')) throw error;
      }
    }
  }

  /** Of exactly this node. */
  async *readFrom(address: string, asked: AuditRead = {}): AsyncGenerator<ReadPage, void, undefined> {
    const { first = 1, current = false, deadlineMs = DEADLINE_MS_DEFAULT, signal } = asked;
    const limits = { deadlineMs, ...(signal && { signal }) };
    const request = { first: BigInt(first), current };
    for await (const { node, rows, head } of this.#node(address).follow(METHODS.read, request, limits))
      yield { node, head, rows: rows.map(({ number, row }) => ({ number: Number(number), row })) };
  }

  /** Whether any node is connected right now. */
  get isConnected(): boolean {
    return [...this.#nodes.values()].some((node) => node.isConnected);
  }

  close(): void {
    for (const node of this.#nodes.values()) node.close();
  }

  #node(address: string): ClusterNode {
    const node = this.#nodes.get(address) ?? new ClusterNode(address, this.options);
    this.#nodes.set(address, node);
    return node;
  }
}
