import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import type { Timestamp, WriteResponse } from '@caisson/contracts';
import { decodeAll, fits, fits64, readCount, readFlags } from './decoding.js';

/** What a command came to: the answer to the write itself. */
export type CommandResult = WriteResponse;

/** What is remembered of a write with a request id, until the retention floor passes it. */
export interface RequestResult {
  /** Commit timestamp of the command, whatever it came to. */
  readonly commitTs: Timestamp;
  readonly result: CommandResult;
}

const TAG_COMMITTED = 0x01;
const TAG_CONFLICT = 0x02;
const TAG_FAILED = 0x03;
const RESULT_BYTES_MIN = 6;

/**
 * `0x01 ‖ flags u8 (bit 0 more) ‖ commit_ts u64 ‖ deleted u32`, `0x02 ‖ key_hash u64`, or
 * `0x03 ‖ flags u8 (bit 0 has current_ts) ‖ condition u32 ‖ [current_ts u64]`.
 */
export function encodeCommandResult(result: CommandResult): Uint8Array {
  const writer = new ByteWriter(16);
  writeCommandResult(writer, result);
  return writer.done();
}

export function decodeCommandResult(bytes: Uint8Array): CommandResult {
  return decodeAll('MESSAGE_MALFORMED', bytes, readCommandResult);
}

/** `count u32 ‖ results`, in the order of the commands of a payload; at least one. */
export function encodeCommandResults(results: readonly CommandResult[]): Uint8Array {
  invariant('FMT-1', results.length > 0, 'results of at least one command');
  const writer = new ByteWriter(4 + 14 * results.length).u32(results.length);
  for (const result of results) writeCommandResult(writer, result);
  return writer.done();
}

export function decodeCommandResults(bytes: Uint8Array): readonly CommandResult[] {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    const count = readCount(reader, RESULT_BYTES_MIN, 'count');
    if (count === 0) throw new DecodeFault('count', 'is 0');
    const results: CommandResult[] = [];
    for (let at = 0; at < count; at++) results.push(readCommandResult(reader));
    return results;
  });
}

/** The row of a request id: `commit_ts u64 ‖ result`. */
export function encodeRequestResult({ commitTs, result }: RequestResult): Uint8Array {
  const writer = new ByteWriter(24).u64(fits64(commitTs, 'commitTs'));
  writeCommandResult(writer, result);
  return writer.done();
}

export function decodeRequestResult(row: Uint8Array): RequestResult {
  return decodeAll('CORRUPTION', row, (reader) => ({
    commitTs: reader.u64('commitTs'),
    result: readCommandResult(reader),
  }));
}

export function writeCommandResult(writer: ByteWriter, result: CommandResult): void {
  if (result.kind === 'committed') {
    writer.u8(TAG_COMMITTED).u8(result.more ? 1 : 0);
    writer.u64(fits64(result.commitTs, 'commitTs')).u32(fits(result.deleted, 32, 'deleted'));
  } else if (result.kind === 'conflict') {
    writer.u8(TAG_CONFLICT).u64(fits64(result.keyHash, 'keyHash'));
  } else {
    const { condition, currentTs } = result;
    writer
      .u8(TAG_FAILED)
      .u8(currentTs === undefined ? 0 : 1)
      .u32(fits(condition, 32, 'condition'));
    if (currentTs !== undefined) writer.u64(fits64(currentTs, 'currentTs'));
  }
}

export function readCommandResult(reader: ByteReader): CommandResult {
  const tag = reader.u8('result');
  if (tag === TAG_COMMITTED) {
    const more = readFlags(reader, 1, 'flags') !== 0;
    return { kind: 'committed', commitTs: reader.u64('commitTs'), deleted: reader.u32('deleted'), more };
  }
  if (tag === TAG_CONFLICT) return { kind: 'conflict', keyHash: reader.u64('keyHash') };
  if (tag !== TAG_FAILED) throw new DecodeFault('result', `is ${tag}`);
  const known = readFlags(reader, 1, 'flags') !== 0;
  const condition = reader.u32('condition');
  return known
    ? { kind: 'failed', condition, currentTs: reader.u64('currentTs') }
    : { kind: 'failed', condition };
}
