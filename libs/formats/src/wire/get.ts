import { type ByteReader, ByteWriter } from '@caisson/base';
import type { BeginResponse, GetRequest, GetResponse } from '@caisson/contracts';
import { decodeAll, fits64, readBlock, readFlags } from '../decoding.js';
import { staleMsField } from './stale.js';

const AT_TIMESTAMP = 0x01;
const STALE = 0x02;
const FOUND = 0x01;

/** `flags u8 (bit 0 has ts, bit 1 stale) ‖ [ts u64] ‖ key_len u32 ‖ key`. */
export function encodeGetRequest({ key, ts, consistency }: GetRequest): Uint8Array {
  const flags = (ts === undefined ? 0 : AT_TIMESTAMP) | (consistency === 'stale' ? STALE : 0);
  const writer = new ByteWriter(13 + key.length).u8(flags);
  if (ts !== undefined) writer.u64(fits64(ts, 'ts'));
  return writer.block(key).done();
}

export function decodeGetRequest(body: Uint8Array): GetRequest {
  return decodeAll('MESSAGE_MALFORMED', body, readGetRequest);
}

/** `flags u8 (bit 0 found) ‖ read_ts u64 ‖ stale_ms u32 ‖ [commit_ts u64 ‖ expire_at u64 ‖ value]`. */
export function encodeGetResponse({ found, readTs, staleMs }: GetResponse): Uint8Array {
  const writer = new ByteWriter(29 + (found?.value.length ?? 0)).u8(found === undefined ? 0 : FOUND);
  writer.u64(fits64(readTs, 'readTs')).u32(staleMsField(staleMs));
  if (found === undefined) return writer.done();
  writer.u64(fits64(found.commitTs, 'commitTs')).u64(fits64(found.expireAt, 'expireAt'));
  return writer.bytes(found.value).done();
}

export function decodeGetResponse(body: Uint8Array): GetResponse {
  return decodeAll('MESSAGE_MALFORMED', body, readGetResponse);
}

/** `start_ts u64`. The request has no body. */
export function encodeBeginResponse({ startTs }: BeginResponse): Uint8Array {
  return new ByteWriter(8).u64(fits64(startTs, 'startTs')).done();
}

export function decodeBeginResponse(body: Uint8Array): BeginResponse {
  return decodeAll('MESSAGE_MALFORMED', body, (reader) => ({ startTs: reader.u64('startTs') }));
}

function readGetRequest(reader: ByteReader): GetRequest {
  const flags = readFlags(reader, AT_TIMESTAMP | STALE, 'flags');
  const ts = flags & AT_TIMESTAMP ? reader.u64('ts') : undefined;
  const key = readBlock(reader, 'key');
  return { key, ...(ts !== undefined && { ts }), ...(flags & STALE && { consistency: 'stale' as const }) };
}

function readGetResponse(reader: ByteReader): GetResponse {
  const found = readFlags(reader, FOUND, 'flags') !== 0;
  const readTs = reader.u64('readTs');
  const staleMs = reader.u32('staleMs');
  if (!found) return { readTs, staleMs };
  const commitTs = reader.u64('commitTs');
  const expireAt = reader.u64('expireAt');
  return { found: { value: reader.rest(), commitTs, expireAt }, readTs, staleMs };
}
