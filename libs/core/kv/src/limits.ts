import {
  CaissonError,
  type Expectation,
  type GetRequest,
  type Mutation,
  type ScanRequest,
  type WriteRequest,
} from '@caisson/contracts';
import { checkKey, checkValue, LIMITS, REQUEST_ID_BYTES } from '@caisson/formats';
import { TIMESTAMP_MAX, TIMESTAMP_MS_LIMIT } from '@caisson/mvcc';

/** What a request may ask for at most. */
export interface KvLimits {
  /** At most 64 MiB. */
  readonly valueBytesMax: number;
  /** Mutations, conditions, read keys and read ranges of one write, each. */
  readonly writeItemsMax: number;
  /** Keys and values of one write together; never less than one value needs. */
  readonly writeBytesMax: number;
}

export const KV_LIMITS: KvLimits = Object.freeze({
  valueBytesMax: LIMITS.valueBytesDefault,
  writeItemsMax: 10_000,
  writeBytesMax: 16 * 1024 * 1024,
});

export const SCAN_PAIRS_DEFAULT = 1000;
const SCAN_PAIRS_MAX = 10_000;
export const DELETE_PREFIX_DEFAULT = 1000;
const DELETE_PREFIX_MAX = 10_000;

/** Checks throw `INVALID_ARGUMENT` with `field`, `limit` and what was seen, before anything is proposed. */
export function checkGet({ key, ts }: GetRequest): void {
  checkKey(key);
  checkTimestamp('ts', ts);
}

export function checkScan({ from, to, limit, ts }: ScanRequest): void {
  checkKey(from, 'from');
  if (to !== undefined) checkKey(to, 'to');
  checkCount('limit', limit, SCAN_PAIRS_MAX);
  checkTimestamp('ts', ts);
}

/** Returns the bytes of all keys and values. */
export function checkWrite(request: WriteRequest, limits: KvLimits): number {
  const { mutations, conditions = [], readKeys = [], readRanges = [], requestId, startTs } = request;
  checkItems('mutations', mutations, limits);
  checkItems('conditions', conditions, limits);
  checkItems('readKeys', readKeys, limits);
  checkItems('readRanges', readRanges, limits);
  if (requestId !== undefined && requestId.length !== REQUEST_ID_BYTES) {
    refuse('requestId', REQUEST_ID_BYTES, { bytes: requestId.length });
  }
  checkTimestamp('startTs', startTs);
  let bytes = 0;
  for (const [at, mutation] of mutations.entries()) bytes += checkMutation(mutation, at, limits);
  for (const { key, expect } of conditions) {
    checkKey(key, 'conditions.key');
    bytes += key.length + checkExpectation(expect, limits);
  }
  for (const key of readKeys) {
    checkKey(key, 'readKeys');
    bytes += key.length;
  }
  for (const { from, to } of readRanges) {
    checkKey(from, 'readRanges.from');
    if (to !== undefined) checkKey(to, 'readRanges.to');
    bytes += from.length + (to?.length ?? 0);
  }
  const bytesMax = Math.max(limits.writeBytesMax, limits.valueBytesMax + LIMITS.keyBytesMax);
  if (bytes > bytesMax) refuse('mutations', bytesMax, { bytes });
  return bytes;
}

function checkItems(field: string, { length: count }: readonly unknown[], { writeItemsMax }: KvLimits): void {
  if (count > writeItemsMax) refuse(field, writeItemsMax, { count });
}

function checkMutation(mutation: Mutation, at: number, limits: KvLimits): number {
  if (mutation.op === 'deletePrefix') {
    checkKey(mutation.prefix, `mutations[${at}].prefix`);
    checkCount(`mutations[${at}].limit`, mutation.limit, DELETE_PREFIX_MAX);
    return mutation.prefix.length;
  }
  const { key } = mutation;
  if (key.length > LIMITS.keyBytesMax) checkKey(key, `mutations[${at}].key`);
  if (mutation.op === 'delete') return key.length;
  const { value, ttlMs } = mutation;
  if (value.length > limits.valueBytesMax) checkValue(value, limits.valueBytesMax, `mutations[${at}].value`);
  if (ttlMs !== undefined) checkCount(`mutations[${at}].ttlMs`, ttlMs, TIMESTAMP_MS_LIMIT - 1);
  return key.length + value.length;
}

function checkExpectation(expect: Expectation, limits: KvLimits): number {
  if (expect.kind === 'version') checkTimestamp('conditions.version', expect.ts);
  if (expect.kind !== 'value') return 0;
  checkValue(expect.value, limits.valueBytesMax, 'conditions.value');
  return expect.value.length;
}

/** Whole numbers from 1 to the limit; absent is fine. */
function checkCount(field: string, count: number | undefined, limit: number): void {
  if (count === undefined || (Number.isInteger(count) && count >= 1 && count <= limit)) return;
  refuse(field, limit, { count });
}

function checkTimestamp(field: string, ts: bigint | undefined): void {
  if (ts !== undefined && (ts < 0n || ts > TIMESTAMP_MAX)) refuse(field, TIMESTAMP_MAX, { ts });
}

function refuse(
  field: string,
  limit: number | bigint,
  seen: Readonly<Record<string, number | bigint>>,
): never {
  throw new CaissonError('INVALID_ARGUMENT', { field, limit, ...seen });
}
