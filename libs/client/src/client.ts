import { prefixEnd } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
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
import { MultiplexedChannel } from './channel.js';
import { GrpcConnection, type NodeStatus } from './connection.js';
import { DEADLINE_MS_DEFAULT, type CallOptions, type ClientOptions } from './options.js';
import { withRetry } from './retry.js';
import { runTransaction, type TransactOptions, type Transacted, type Transaction } from './transaction.js';

const EMPTY = new Uint8Array(0);

export interface ReadOptions extends CallOptions {
  readonly ts?: Timestamp;
  readonly consistency?: Consistency;
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

/**
 * A client of one node. Calls made at once travel together over one stream; calls fail by code
 * (`isCaissonError`), and absence is `undefined`, not an error.
 */
export class CaissonClient {
  readonly #channel: MultiplexedChannel;
  readonly #connection: GrpcConnection;

  constructor(private readonly options: ClientOptions) {
    this.#connection = new GrpcConnection(options);
    this.#channel = new MultiplexedChannel((listener) => this.#connection.openStream(listener));
  }

  async get(key: Bytes, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    return (await this.read(key, options))?.value;
  }

  async read(key: Bytes, options: ReadOptions = {}): Promise<VersionedValue | undefined> {
    const { ts, consistency } = options;
    checkTimestamp('ts', ts);
    const request = {
      key: toBytes(key),
      ...(ts !== undefined && { ts }),
      ...(consistency && { consistency }),
    };
    return decodeGetResponse(await this.#call(OP.get, encodeGetRequest(request), options)).found;
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

  /** One atomic write, with everything the API offers. */
  async write(request: WriteRequest, options: CallOptions = {}): Promise<WriteResponse> {
    checkWrite(request);
    const requestIds = this.options.requestIds ?? true;
    const requestId =
      request.requestId ?? (requestIds ? new Uint8Array(randomBytes(REQUEST_ID_BYTES)) : undefined);
    const body = encodeWriteRequest({ ...request, ...(requestId && { requestId }) });
    return decodeWriteResponse(await this.#call(OP.write, body, options, requestId !== undefined));
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
        await this.#call(OP.scan, encodeScanRequest({ ...request, limit }), options),
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
    return decodeBeginResponse(await this.#call(OP.begin, EMPTY, options)).startTs;
  }

  /** Whether there is a connection right now; without one a call waits for it, up to its deadline. */
  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  status(options: CallOptions = {}): Promise<NodeStatus> {
    return withRetry(this.#retryOptions(options, true), (limits) => this.#connection.status(limits));
  }

  /** Fails what is in flight with `CANCELLED` and lets go of the connection. */
  close(): void {
    this.#channel.close();
    this.#connection.close();
  }

  #call(op: number, body: Uint8Array, options: CallOptions, repeatable = true): Promise<Uint8Array> {
    return withRetry(this.#retryOptions(options, repeatable), (limits) =>
      this.#channel.call(op, body, limits),
    );
  }

  #retryOptions({ deadlineMs, signal }: CallOptions, repeatable: boolean) {
    const limit = deadlineMs ?? this.options.deadlineMs ?? DEADLINE_MS_DEFAULT;
    return { repeatable, deadlineMs: limit, ...(signal && { signal }) };
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
