import { type ByteReader, ByteWriter, DecodeFault } from '@caisson/base';
import type { Mutation, WriteRequest, WriteResponse } from '@caisson/contracts';
import { decodeCommandResult, encodeCommandResult } from '../command-result.js';
import {
  decodeAll,
  fits,
  fits64,
  fitsBytes,
  fitsIndex,
  readBlock,
  readCount,
  readFlags,
} from '../decoding.js';
import { readConditions, readReadKeys, readReadRanges, writeConditions, writeReadSet } from '../read-set.js';
import { REQUEST_ID_BYTES } from '../system-keys.js';

const HAS_REQUEST_ID = 0x01;
const HAS_START_TS = 0x02;
const HAS_READ_KEYS = 0x04;
const HAS_READ_RANGES = 0x08;
const HAS_CONDITIONS = 0x10;
const KNOWN_FLAGS = 0x1f;

const OP_PUT = 0x01;
const OP_PUT_EXPIRING = 0x02;
const OP_DELETE = 0x03;
const OP_DELETE_PREFIX = 0x04;
const NO_LIMIT = 0;
const MUTATION_BYTES_MIN = 5;

/**
 * A write as clients send it: as a command, but with durations instead of times and without a commit
 * timestamp.
 */
export function encodeWriteRequest(request: WriteRequest): Uint8Array {
  const { mutations, conditions = [], requestId, startTs, readKeys = [], readRanges = [] } = request;
  const flags =
    (requestId === undefined ? 0 : HAS_REQUEST_ID) |
    (startTs === undefined ? 0 : HAS_START_TS) |
    (readKeys.length === 0 ? 0 : HAS_READ_KEYS) |
    (readRanges.length === 0 ? 0 : HAS_READ_RANGES) |
    (conditions.length === 0 ? 0 : HAS_CONDITIONS);
  const writer = new ByteWriter(sizeHint(mutations)).u8(flags);
  if (requestId !== undefined) writer.bytes(fitsBytes(requestId, REQUEST_ID_BYTES, 'requestId'));
  if (startTs !== undefined) writer.u64(fits64(startTs, 'startTs'));
  writeReadSet(writer, readKeys, readRanges);
  if (conditions.length > 0) writeConditions(writer, conditions);
  writer.u32(mutations.length);
  for (const mutation of mutations) writeMutation(writer, mutation);
  return writer.done();
}

export function decodeWriteRequest(body: Uint8Array): WriteRequest {
  return decodeAll('MESSAGE_MALFORMED', body, readWriteRequest);
}

/** The answer of a write is the result of its command. */
export function encodeWriteResponse(response: WriteResponse): Uint8Array {
  return encodeCommandResult(response);
}

export function decodeWriteResponse(body: Uint8Array): WriteResponse {
  return decodeCommandResult(body);
}

function readWriteRequest(reader: ByteReader): WriteRequest {
  const flags = readFlags(reader, KNOWN_FLAGS, 'flags');
  return {
    ...(flags & HAS_REQUEST_ID && { requestId: reader.bytes(REQUEST_ID_BYTES, 'requestId') }),
    ...(flags & HAS_START_TS && { startTs: reader.u64('startTs') }),
    ...(flags & HAS_READ_KEYS && { readKeys: readReadKeys(reader) }),
    ...(flags & HAS_READ_RANGES && { readRanges: readReadRanges(reader) }),
    ...(flags & HAS_CONDITIONS && { conditions: readConditions(reader) }),
    mutations: readMutations(reader),
  };
}

function writeMutation(writer: ByteWriter, mutation: Mutation): void {
  if (mutation.op === 'put') {
    const { key, value, ttlMs } = mutation;
    writer.u8(ttlMs === undefined ? OP_PUT : OP_PUT_EXPIRING);
    if (ttlMs !== undefined) writer.index(fitsIndex(ttlMs, 'ttlMs'));
    writer.block(key).block(value);
  } else if (mutation.op === 'delete') {
    writer.u8(OP_DELETE).block(mutation.key);
  } else {
    writer
      .u8(OP_DELETE_PREFIX)
      .block(mutation.prefix)
      .u32(fits(mutation.limit ?? NO_LIMIT, 32, 'limit'));
  }
}

function readMutations(reader: ByteReader): readonly Mutation[] {
  const count = readCount(reader, MUTATION_BYTES_MIN, 'mutations');
  const mutations: Mutation[] = [];
  for (let at = 0; at < count; at++) mutations.push(readMutation(reader));
  return mutations;
}

function readMutation(reader: ByteReader): Mutation {
  const op = reader.u8('op');
  if (op === OP_PUT) return { op: 'put', key: readBlock(reader, 'key'), value: readBlock(reader, 'value') };
  if (op === OP_PUT_EXPIRING) {
    const ttlMs = reader.index('ttlMs');
    return { op: 'put', key: readBlock(reader, 'key'), value: readBlock(reader, 'value'), ttlMs };
  }
  if (op === OP_DELETE) return { op: 'delete', key: readBlock(reader, 'key') };
  if (op !== OP_DELETE_PREFIX) throw new DecodeFault('op', `is ${op}`);
  const prefix = readBlock(reader, 'prefix');
  const limit = reader.u32('limit');
  return limit === NO_LIMIT ? { op: 'deletePrefix', prefix } : { op: 'deletePrefix', prefix, limit };
}

/** Room for the mutations and a little more; the writer grows when a read set or conditions need it. */
function sizeHint(mutations: readonly Mutation[]): number {
  let bytes = 64;
  for (const mutation of mutations) {
    if (mutation.op === 'put') bytes += 17 + mutation.key.length + mutation.value.length;
    else bytes += 9 + (mutation.op === 'delete' ? mutation.key.length : mutation.prefix.length);
  }
  return bytes;
}
