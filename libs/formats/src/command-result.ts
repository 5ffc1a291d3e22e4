import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import { codeOfWire, type ErrorCode, ERRORS, type Timestamp, type WriteResponse } from '@caisson/contracts';
import { decodeAll, fits, fits64, readCount, readFlags } from './decoding.js';

/** What a command came to: the answer to the write itself. */
export type CommandResult = WriteResponse;

/**
 * A command of which nothing was applied and nothing is remembered: the proposer may repeat it.
 *
 * A result of its own, not of the entry, so that it does not matter which commands share a payload.
 */
export interface RefusedCommand {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  /** The timestamp that was in the way: the last commit's or the retention floor. */
  readonly bound: Timestamp;
}

export type CommandOutcome = CommandResult | RefusedCommand;

/** What is remembered of a write with a request id, until the retention floor passes it. */
export interface RequestResult {
  /** Commit timestamp of the command, whatever it came to. */
  readonly commitTs: Timestamp;
  readonly result: CommandResult;
}

const TAG_COMMITTED = 0x01;
const TAG_CONFLICT = 0x02;
const TAG_FAILED = 0x03;
const TAG_REFUSED = 0x04;
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

/**
 * `count u32 ‖ outcomes`, in the order of the commands of a payload; at least one. An outcome is a result, or
 * `0x04 ‖ code u16 (wire number) ‖ bound u64`.
 */
export function encodeCommandResults(outcomes: readonly CommandOutcome[]): Uint8Array {
  invariant('FMT-1', outcomes.length > 0, 'results of at least one command');
  const writer = new ByteWriter(4 + 14 * outcomes.length).u32(outcomes.length);
  for (const outcome of outcomes) {
    if (outcome.kind === 'refused') writeRefusal(writer, outcome);
    else writeCommandResult(writer, outcome);
  }
  return writer.done();
}

export function decodeCommandResults(bytes: Uint8Array): readonly CommandOutcome[] {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    const count = readCount(reader, RESULT_BYTES_MIN, 'count');
    if (count === 0) throw new DecodeFault('count', 'is 0');
    const outcomes: CommandOutcome[] = [];
    for (let at = 0; at < count; at++) {
      const tag = reader.u8('result');
      outcomes.push(tag === TAG_REFUSED ? readRefusal(reader) : readResultBody(reader, tag));
    }
    return outcomes;
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
  return readResultBody(reader, reader.u8('result'));
}

function readResultBody(reader: ByteReader, tag: number): CommandResult {
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

function writeRefusal(writer: ByteWriter, { code, bound }: RefusedCommand): void {
  writer.u8(TAG_REFUSED).u16(ERRORS[code].wire).u64(fits64(bound, 'bound'));
}

function readRefusal(reader: ByteReader): RefusedCommand {
  const wire = reader.u16('code');
  const code = codeOfWire(wire);
  if (code === undefined) throw new DecodeFault('code', `is ${wire}`);
  return { kind: 'refused', code, bound: reader.u64('bound') };
}
