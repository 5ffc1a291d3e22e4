import { compareBytes, prefixEnd, toHex } from '@caisson/base';
import { CaissonError, isCaissonError } from '@caisson/contracts';
import type {
  Mutation,
  ReadRange,
  ScannedPair,
  Timestamp,
  WriteRequest,
  WriteResponse,
} from '@caisson/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { toBytes, type Bytes } from './bytes.js';
import type { ReadOptions, ScanOptions, VersionedValue } from './client.js';
import type { CallOptions } from './options.js';
import { jittered } from './retry.js';

export interface TransactOptions extends CallOptions {
  /** How often the work may run. Default 10. */
  readonly attempts?: number;
}

export type Transacted<T> =
  | { readonly kind: 'committed'; readonly value: T; readonly commitTs: Timestamp | undefined }
  | { readonly kind: 'conflict'; readonly attempts: number };

/** What a transaction needs of a client. */
export interface TransactionSource {
  read(key: Bytes, options: ReadOptions): Promise<VersionedValue | undefined>;
  scan(options: ScanOptions): AsyncGenerator<ScannedPair, void, undefined>;
  write(request: WriteRequest, options: CallOptions): Promise<WriteResponse>;
}

type Pending = Extract<Mutation, { op: 'put' | 'delete' }>;

/** Reads at one timestamp, sees its own writes, and writes at the end. */
export class Transaction {
  readonly #readKeys = new Map<string, Uint8Array>();
  readonly #readRanges: ReadRange[] = [];
  readonly #writes = new Map<string, Pending>();

  constructor(
    private readonly source: TransactionSource,
    readonly startTs: Timestamp,
    private readonly options: CallOptions,
  ) {}

  async get(key: Bytes): Promise<Uint8Array | undefined> {
    const bytes = toBytes(key);
    const id = toHex(bytes);
    const own = this.#writes.get(id);
    if (own) return own.op === 'put' ? own.value : undefined;
    this.#readKeys.set(id, bytes);
    return (await this.source.read(bytes, { ...this.options, ts: this.startTs }))?.value;
  }

  /** Everything in the range as of the start, with this transaction's writes on top. Fetched as a whole. */
  async scan(
    range: Pick<ScanOptions, 'prefix' | 'from' | 'to' | 'reverse'>,
  ): Promise<readonly ScannedPair[]> {
    const from = toBytes(range.prefix ?? range.from ?? '');
    const to =
      range.prefix !== undefined ? prefixEnd(from) : range.to !== undefined ? toBytes(range.to) : undefined;
    this.#readRanges.push({ from, ...(to && { to }) });
    const found = new Map<string, ScannedPair>();
    const scan = this.source.scan({ ...this.options, from, ...(to && { to }), ts: this.startTs });
    for await (const pair of scan) found.set(toHex(pair.key), pair);
    for (const [id, own] of this.#writes) {
      if (compareBytes(own.key, from) < 0 || (to && compareBytes(own.key, to) >= 0)) continue;
      if (own.op === 'delete') found.delete(id);
      else found.set(id, { key: own.key, value: own.value, commitTs: this.startTs });
    }
    const pairs = [...found.values()].sort((a, b) => compareBytes(a.key, b.key));
    return range.reverse ? pairs.reverse() : pairs;
  }

  put(key: Bytes, value: Bytes, options: { readonly ttlMs?: number } = {}): void {
    const { ttlMs } = options;
    const bytes = toBytes(key);
    const put: Pending = {
      op: 'put',
      key: bytes,
      value: toBytes(value),
      ...(ttlMs !== undefined && { ttlMs }),
    };
    this.#writes.set(toHex(bytes), put);
  }

  delete(key: Bytes): void {
    const bytes = toBytes(key);
    this.#writes.set(toHex(bytes), { op: 'delete', key: bytes });
  }

  /**
   * What the server validates and writes; `undefined` when there is nothing to write, which needs no
   * validation.
   */
  toRequest(): WriteRequest | undefined {
    if (this.#writes.size === 0) return undefined;
    return {
      mutations: [...this.#writes.values()],
      startTs: this.startTs,
      readKeys: [...this.#readKeys.values()],
      readRanges: this.#readRanges,
    };
  }
}

const ATTEMPTS_DEFAULT = 10;
const FIRST_PAUSE_MS = 2;
const PAUSE_MS_MAX = 250;

/** See `CaissonClient.transact`. */
export async function runTransaction<T>(
  source: TransactionSource,
  begin: () => Promise<Timestamp>,
  work: (transaction: Transaction) => Promise<T>,
  options: TransactOptions,
): Promise<Transacted<T>> {
  const attempts = options.attempts ?? ATTEMPTS_DEFAULT;
  for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; attempt <= attempts; attempt++) {
    const transaction = new Transaction(source, await begin(), options);
    const committed = await attemptOnce(source, transaction, work, options);
    if (committed) return committed;
    if (attempt === attempts) break;
    await pause(jittered(pauseMs), options.signal);
    pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
  }
  return { kind: 'conflict', attempts };
}

/** `undefined` where another attempt, from a newer start, may succeed. */
async function attemptOnce<T>(
  source: TransactionSource,
  transaction: Transaction,
  work: (transaction: Transaction) => Promise<T>,
  options: TransactOptions,
): Promise<Transacted<T> | undefined> {
  try {
    const value = await work(transaction);
    const request = transaction.toRequest();
    if (!request) return { kind: 'committed', value, commitTs: undefined };
    const outcome = await source.write(request, options);
    if (outcome.kind !== 'committed') return undefined;
    return { kind: 'committed', value, commitTs: outcome.commitTs };
  } catch (error) {
    // The retention floor passed the start while the work was under way; nothing was written.
    if (isCaissonError(error, 'READ_TS_COMPACTED') || isCaissonError(error, 'RESULT_EXPIRED'))
      return undefined;
    throw error;
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, { ...(signal && { signal }) });
  } catch (cause) {
    throw new CaissonError('CANCELLED', {}, { cause });
  }
}
