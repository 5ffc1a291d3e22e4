import { prefixEnd, toHex } from '@caisson/base';
import { CaissonError, isCaissonError } from '@caisson/contracts';
import type {
  Condition,
  Consistency,
  Expectation,
  Mutation,
  ScannedPair,
  ScanRequest,
  Timestamp,
  WriteRequest,
  WriteResponse,
} from '@caisson/contracts';
import {
  decodeBeginResponse,
  decodeGetResponse,
  decodeScanResponse,
  decodeWriteResponse,
  encodeGetRequest,
  encodeScanRequest,
  encodeWriteRequest,
  OP,
  REQUEST_ID_BYTES,
} from '@caisson/formats';
import { randomBytes } from 'node:crypto';
import { checkCount, checkTimestamp, checkWrite } from './arguments.js';
import { toBytes, type Bytes } from './bytes.js';
import type { NodeStatus } from './connection.js';
import type { CallOptions, ClientOptions, ReadFrom } from './options.js';
import { ClusterLinks, type Call } from './routing/cluster-links.js';
import { runTransaction, type TransactOptions, type Transacted, type Transaction } from './transaction.js';

const EMPTY = new Uint8Array(0);

export interface ReadOptions extends CallOptions {
  readonly ts?: Timestamp;
  readonly consistency?: Consistency;
  /** Default: that of the client. */
  readonly readFrom?: ReadFrom;
}

/** A value with the time it was committed and, unless 0n, the time it expires. */
export interface VersionedValue {
  readonly value: Uint8Array;
  readonly commitTs: Timestamp;
  readonly expireAt: Timestamp;
}

export interface ScanOptions extends ReadOptions {
  /** Either a prefix, or a half-open range. */
  readonly prefix?: Bytes;
  readonly from?: Bytes;
  readonly to?: Bytes;
  readonly reverse?: boolean;
  readonly keysOnly?: boolean;
  /** At most so many pairs in all. */
  readonly limit?: number;
  /** Pairs fetched at a time; 1..10000. */
  readonly pageSize?: number;
}

export type CompareAndSetOutcome =
  | { readonly kind: 'committed'; readonly commitTs: Timestamp }
  | { readonly kind: 'failed'; readonly currentTs?: Timestamp };

/** What a read found, as of when, and how old that may be. */
export interface Lookup {
  readonly found?: VersionedValue;
  readonly readTs: Timestamp;
  /** How long ago the node last knew itself up to date; 0 for linearizable reads. */
  readonly staleMs: number;
}

/**
 * A client of a node or a cluster. Writes find the leader; calls made at once travel together over one stream
 * to each node; calls fail by code (`isCaissonError`), and absence is `undefined`, not an error.
 */
export class CaissonClient {
  readonly #links: ClusterLinks;

  constructor(private readonly options: ClientOptions) {
    this.#links = new ClusterLinks(options);
  }

  async get(key: Bytes, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.read(key, options))?.value;
  }

  async read(key: Bytes, options: ReadOptions = {}): Promise<VersionedValue | undefined> {
    return (await this.lookup(key, options)).found;
  }

  /** A read with everything the answer says of itself. */
  async lookup(key: Bytes, options: ReadOptions = {}): Promise<Lookup> {
    const { ts, consistency } = options;
    checkTimestamp('ts', ts);
    const request = {
      key: toBytes(key),
      ...(ts !== undefined && { ts }),
      ...(consistency && { consistency }),
    };
    return decodeGetResponse(await this.#read(OP.get, encodeGetRequest(request), options));
  }

  /** Resolves with the commit timestamp. */
  async put(key: Bytes, value: Bytes, options: CallOptions & { ttlMs?: number } = {}): Promise<Timestamp> {
    const { ttlMs } = options;
    const put: Mutation = {
      op: 'put',
      key: toBytes(key),
      value: toBytes(value),
      ...(ttlMs !== undefined && { ttlMs }),
    };
    return committed(await this.write({ mutations: [put] }, options)).commitTs;
  }

  /** Whether the key existed. */
  async delete(key: Bytes, options: CallOptions = {}): Promise<boolean> {
    const outcome = await this.write({ mutations: [{ op: 'delete', key: toBytes(key) }] }, options);
    return committed(outcome).deleted > 0;
  }

  /**
   * Deletes every key with the prefix, in atomic steps of `limit` keys each; resolves with how many existed.
   */
  async deletePrefix(prefix: Bytes, options: CallOptions & { limit?: number } = {}): Promise<number> {
    const { limit } = options;
    const mutation: Mutation = {
      op: 'deletePrefix',
      prefix: toBytes(prefix),
      ...(limit !== undefined && { limit }),
    };
    for (let deleted = 0; ; ) {
      const step = committed(await this.write({ mutations: [mutation] }, options));
      deleted += step.deleted;
      if (!step.more) return deleted;
    }
  }

  /** Applies `mutation` if the key is as expected at that moment. */
  async compareAndSet(
    key: Bytes,
    expect: Expectation,
    mutation: Mutation,
    options: CallOptions = {},
  ): Promise<CompareAndSetOutcome> {
    const condition: Condition = { key: toBytes(key), expect };
    const outcome = await this.write({ conditions: [condition], mutations: [mutation] }, options);
    if (outcome.kind !== 'failed') return { kind: 'committed', commitTs: committed(outcome).commitTs };
    return { kind: 'failed', ...(outcome.currentTs !== undefined && { currentTs: outcome.currentTs }) };
  }

  /**
   * One atomic write, with everything the API offers. `UNKNOWN_OUTCOME` when time is up and an attempt may
   * have had its effect; its details name the request id, under which the same write may be repeated.
   */
  async write(request: WriteRequest, options: CallOptions = {}): Promise<WriteResponse> {
    checkWrite(request);
    const requestIds = this.options.requestIds ?? true;
    const requestId =
      request.requestId ?? (requestIds ? new Uint8Array(randomBytes(REQUEST_ID_BYTES)) : undefined);
    const body = encodeWriteRequest({ ...request, ...(requestId && { requestId }) });
    const call: Call = { to: 'leader', repeatable: requestId !== undefined, changes: true };
    try {
      return decodeWriteResponse(await this.#links.send(OP.write, body, call, options));
    } catch (error) {
      throw requestId === undefined ? error : withRequestId(error, requestId);
    }
  }

  /** Pairs in order, fetched page by page at one timestamp. Stop early by leaving the loop. */
  async *scan(options: ScanOptions = {}): AsyncGenerator<ScannedPair, void, undefined> {
    let left = options.limit ?? Infinity;
    checkTimestamp('ts', options.ts);
    checkCount('pageSize', options.pageSize);
    let request = scanRequest(options);
    while (left > 0) {
      const limit = Math.min(left, options.pageSize ?? 1000);
      const page = decodeScanResponse(
        await this.#read(OP.scan, encodeScanRequest({ ...request, limit }), options),
      );
      yield* page.pairs;
      left -= page.pairs.length;
      if (!page.continuation) return;
      request = { ...request, continuation: page.continuation };
    }
  }

  /**
   * Runs `work` as one serializable transaction: reads at one timestamp, writes at the end, all or nothing.
   *
   * When something read or written changed meanwhile, `work` runs again after a jittered pause, up to
   * `attempts` times; a conflict that remains is an outcome. `work` must not have effects of its own.
   */
  transact<T>(
    work: (transaction: Transaction) => Promise<T>,
    options: TransactOptions = {},
  ): Promise<Transacted<T>> {
    return runTransaction(this, () => this.begin(options), work, options);
  }

  /** The timestamp at which a transaction starting now would read. */
  async begin(options: CallOptions = {}): Promise<Timestamp> {
    const answer = await this.#read(OP.begin, EMPTY, { ...options, readFrom: 'leader' });
    return decodeBeginResponse(answer).startTs;
  }

  /** Whether any node is connected right now; without one a call waits for it, up to its deadline. */
  get isConnected(): boolean {
    return this.#links.isConnected;
  }

  /** Of the first node given that answers. */
  status(options: CallOptions = {}): Promise<NodeStatus> {
    return this.#links.status(options);
  }

  /** Fails what is in flight with `CANCELLED` and lets go of all connections. */
  close(): void {
    this.#links.close();
  }

  #read(op: number, body: Uint8Array, options: ReadOptions): Promise<Uint8Array> {
    const to = options.readFrom ?? this.options.readFrom ?? 'leader';
    return this.#links.send(op, body, { to, repeatable: true, changes: false }, options);
  }
}

/** A client, connected once the first call needs it. */
export function connect(options: ClientOptions): CaissonClient {
  return new CaissonClient(options);
}

function committed(outcome: WriteResponse): Extract<WriteResponse, { kind: 'committed' }> {
  if (outcome.kind === 'committed') return outcome;
  throw unexpectedOutcome(outcome.kind);
}

/** Who wants to know what became of a write repeats it under its id. */
function withRequestId(error: unknown, requestId: Uint8Array): unknown {
  if (!isCaissonError(error, 'UNKNOWN_OUTCOME')) return error;
  const details = { ...error.details, requestId: toHex(requestId) };
  return new CaissonError('UNKNOWN_OUTCOME', details, { cause: error.cause });
}

function unexpectedOutcome(kind: string): CaissonError {
  return new CaissonError('INTERNAL', { reason: `a write without conditions came back as ${kind}` });
}

function scanRequest({ prefix, from, to, reverse, keysOnly, ts, consistency }: ScanOptions): ScanRequest {
  const start = toBytes(prefix ?? from ?? EMPTY);
  const end = prefix !== undefined ? prefixEnd(start) : to !== undefined ? toBytes(to) : undefined;
  return {
    from: start,
    ...(end && { to: end }),
    ...(reverse && { reverse }),
    ...(keysOnly && { keysOnly }),
    ...(ts !== undefined && { ts }),
    ...(consistency && { consistency }),
  };
}
