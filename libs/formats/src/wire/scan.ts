import { type ByteReader, ByteWriter, invariant } from '@caisson/base';
import type { ScannedPair, ScanRequest, ScanResponse } from '@caisson/contracts';
import { decodeAll, fits, fits64, readAnnouncedCount, readBlock, readCount, readFlags } from '../decoding.js';
import { staleMsField } from './stale.js';

const HAS_TO = 0x01;
const REVERSE = 0x02;
const KEYS_ONLY = 0x04;
const HAS_TS = 0x08;
const STALE = 0x10;
const HAS_CONTINUATION = 0x20;
const HAS_LIMIT = 0x40;
const REQUEST_FLAGS = 0x7f;

const PAGE_CONTINUES = 0x01;
const PAGE_KEYS_ONLY = 0x02;
const PAIR_BYTES_MIN = 12;

/**
 * `flags u8 ‖ from_len u32 ‖ from ‖ [to_len u32 ‖ to] ‖ [limit u32] ‖ [ts u64] ‖ [continuation_len u32 ‖
 * continuation]`; flag bits from 0: to, reverse, keys only, ts, stale, continuation, limit.
 */
export function encodeScanRequest(request: ScanRequest): Uint8Array {
  const { from, to, limit, ts, continuation } = request;
  const writer = new ByteWriter(29 + from.length + (to?.length ?? 0) + (continuation?.length ?? 0));
  writer.u8(requestFlags(request)).block(from);
  if (to !== undefined) writer.block(to);
  if (limit !== undefined) writer.u32(fits(limit, 32, 'limit'));
  if (ts !== undefined) writer.u64(fits64(ts, 'ts'));
  if (continuation !== undefined) writer.block(continuation);
  return writer.done();
}

export function decodeScanRequest(body: Uint8Array): ScanRequest {
  return decodeAll('MESSAGE_MALFORMED', body, readScanRequest);
}

/**
 * `flags u8 (bit 0 continues, bit 1 keys only) ‖ read_ts u64 ‖ stale_ms u32 ‖ [continuation_len u32 ‖
 * continuation] ‖ count u32 ‖ count × (commit_ts u64 ‖ key_len u32 ‖ key ‖ [value_len u32 ‖ value])`. Either
 * all pairs have values or none has.
 */
export function encodeScanResponse({ pairs, continuation, readTs, staleMs }: ScanResponse): Uint8Array {
  const keysOnly = pairs.length > 0 && pairs[0]!.value === undefined;
  const flags = (continuation === undefined ? 0 : PAGE_CONTINUES) | (keysOnly ? PAGE_KEYS_ONLY : 0);
  let bytes = 21 + (continuation?.length ?? 0);
  for (const { key, value } of pairs) bytes += 16 + key.length + (value?.length ?? 0);
  const writer = new ByteWriter(bytes).u8(flags).u64(fits64(readTs, 'readTs')).u32(staleMsField(staleMs));
  if (continuation !== undefined) writer.block(continuation);
  writer.u32(pairs.length);
  for (const { key, value, commitTs } of pairs) {
    invariant('FMT-1', (value === undefined) === keysOnly, 'a page has all values or none');
    writer.u64(fits64(commitTs, 'commitTs')).block(key);
    if (value !== undefined) writer.block(value);
  }
  return writer.done();
}

export function decodeScanResponse(body: Uint8Array): ScanResponse {
  return decodeAll('MESSAGE_MALFORMED', body, readScanResponse);
}

function requestFlags(request: ScanRequest): number {
  return (
    (request.to === undefined ? 0 : HAS_TO) |
    (request.reverse ? REVERSE : 0) |
    (request.keysOnly ? KEYS_ONLY : 0) |
    (request.ts === undefined ? 0 : HAS_TS) |
    (request.consistency === 'stale' ? STALE : 0) |
    (request.continuation === undefined ? 0 : HAS_CONTINUATION) |
    (request.limit === undefined ? 0 : HAS_LIMIT)
  );
}

function readScanRequest(reader: ByteReader): ScanRequest {
  const flags = readFlags(reader, REQUEST_FLAGS, 'flags');
  const from = readBlock(reader, 'from');
  return {
    from,
    ...(flags & HAS_TO && { to: readBlock(reader, 'to') }),
    ...(flags & REVERSE && { reverse: true }),
    ...(flags & KEYS_ONLY && { keysOnly: true }),
    ...(flags & STALE && { consistency: 'stale' as const }),
    ...(flags & HAS_LIMIT && { limit: reader.u32('limit') }),
    ...(flags & HAS_TS && { ts: reader.u64('ts') }),
    ...(flags & HAS_CONTINUATION && { continuation: readBlock(reader, 'continuation') }),
  };
}

function readScanResponse(reader: ByteReader): ScanResponse {
  const flags = readFlags(reader, PAGE_CONTINUES | PAGE_KEYS_ONLY, 'flags');
  const readTs = reader.u64('readTs');
  const staleMs = reader.u32('staleMs');
  const continuation = flags & PAGE_CONTINUES ? readBlock(reader, 'continuation') : undefined;
  const pairs = readPairs(reader, (flags & PAGE_KEYS_ONLY) !== 0);
  return { pairs, readTs, staleMs, ...(continuation !== undefined && { continuation }) };
}

function readPairs(reader: ByteReader, keysOnly: boolean): readonly ScannedPair[] {
  const count = keysOnly
    ? readAnnouncedCount(reader, PAIR_BYTES_MIN, 'count')
    : readCount(reader, PAIR_BYTES_MIN, 'count');
  const pairs: ScannedPair[] = [];
  for (let at = 0; at < count; at++) {
    const commitTs = reader.u64('commitTs');
    const key = readBlock(reader, 'key');
    pairs.push(keysOnly ? { key, commitTs } : { key, value: readBlock(reader, 'value'), commitTs });
  }
  return pairs;
}
