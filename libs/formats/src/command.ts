import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import type { Condition, ReadRange, Timestamp } from '@caisson/contracts';
import { decodeAll, fits, fits64, fitsBytes, readBlock, readCount, readFlags } from './decoding.js';
import { readConditions, readReadKeys, readReadRanges, writeConditions, writeReadSet } from './read-set.js';
import { REQUEST_ID_BYTES } from './system-keys.js';

/** What a committed entry asks of the store. It carries everything apply needs; apply reads no clock. */
export type Command = WriteCommand | FloorCommand;

/** A write with its times resolved: see `WriteRequest` for what the parts mean. */
export interface WriteCommand {
  readonly kind: 'write';
  readonly requestId?: Uint8Array;
  /** Absent: nothing read is validated. */
  readonly startTs?: Timestamp;
  readonly commitTs: Timestamp;
  readonly readKeys: readonly Uint8Array[];
  readonly readRanges: readonly ReadRange[];
  readonly conditions: readonly Condition[];
  readonly mutations: readonly CommandMutation[];
}

export type CommandMutation =
  /** `expireAt` 0n for never. */
  | { readonly op: 'put'; readonly key: Uint8Array; readonly value: Uint8Array; readonly expireAt: Timestamp }
  | { readonly op: 'delete'; readonly key: Uint8Array }
  | { readonly op: 'deletePrefix'; readonly prefix: Uint8Array; readonly limit: number };

/** Raises the retention floor; it never falls. */
export interface FloorCommand {
  readonly kind: 'floor';
  readonly floor: Timestamp;
  readonly commitTs: Timestamp;
}

const TAG_WRITE = 0x01;
const TAG_FLOOR = 0x02;

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

export function encodeCommand(command: Command): Uint8Array {
  if (command.kind === 'floor') {
    const { floor, commitTs } = command;
    return new ByteWriter(17)
      .u8(TAG_FLOOR)
      .u64(fits64(floor, 'floor'))
      .u64(fits64(commitTs, 'commitTs'))
      .done();
  }
  const { requestId, startTs, commitTs, readKeys, readRanges, conditions, mutations } = command;
  const writer = new ByteWriter(sizeOf(command)).u8(TAG_WRITE).u8(flagsOf(command));
  if (requestId !== undefined) writer.bytes(fitsBytes(requestId, REQUEST_ID_BYTES, 'requestId'));
  if (startTs !== undefined) writer.u64(fits64(startTs, 'startTs'));
  writer.u64(fits64(commitTs, 'commitTs'));
  writeReadSet(writer, readKeys, readRanges);
  if (conditions.length > 0) writeConditions(writer, conditions);
  writer.u32(mutations.length);
  for (const mutation of mutations) writeMutation(writer, mutation);
  return writer.done();
}

export function decodeCommand(bytes: Uint8Array): Command {
  return decodeAll('ENTRY_MALFORMED', bytes, readCommand);
}

function readCommand(reader: ByteReader): Command {
  const tag = reader.u8('tag');
  if (tag === TAG_FLOOR)
    return { kind: 'floor', floor: reader.u64('floor'), commitTs: reader.u64('commitTs') };
  if (tag !== TAG_WRITE) throw new DecodeFault('tag', `is ${tag}`);
  const flags = readFlags(reader, KNOWN_FLAGS, 'flags');
  const requestId = flags & HAS_REQUEST_ID ? reader.bytes(REQUEST_ID_BYTES, 'requestId') : undefined;
  const startTs = flags & HAS_START_TS ? reader.u64('startTs') : undefined;
  const commitTs = reader.u64('commitTs');
  const readKeys = flags & HAS_READ_KEYS ? readReadKeys(reader) : [];
  const readRanges = flags & HAS_READ_RANGES ? readReadRanges(reader) : [];
  const conditions = flags & HAS_CONDITIONS ? readConditions(reader) : [];
  const mutations = readMutations(reader);
  return {
    kind: 'write',
    ...(requestId !== undefined && { requestId }),
    ...(startTs !== undefined && { startTs }),
    commitTs,
    readKeys,
    readRanges,
    conditions,
    mutations,
  };
}

function writeMutation(writer: ByteWriter, mutation: CommandMutation): void {
  if (mutation.op === 'put') {
    writer.u8(mutation.expireAt === 0n ? OP_PUT : OP_PUT_EXPIRING);
    if (mutation.expireAt !== 0n) writer.u64(fits64(mutation.expireAt, 'expireAt'));
    writer.block(mutation.key).block(mutation.value);
  } else if (mutation.op === 'delete') {
    writer.u8(OP_DELETE).block(mutation.key);
  } else {
    writer
      .u8(OP_DELETE_PREFIX)
      .block(mutation.prefix)
      .u32(fits(mutation.limit, 32, 'limit'));
  }
}

function readMutations(reader: ByteReader): readonly CommandMutation[] {
  const count = readCount(reader, 5, 'mutations');
  const mutations: CommandMutation[] = [];
  for (let at = 0; at < count; at++) mutations.push(readMutation(reader));
  return mutations;
}

function readMutation(reader: ByteReader): CommandMutation {
  const op = reader.u8('op');
  if (op === OP_PUT) {
    return { op: 'put', key: readBlock(reader, 'key'), value: readBlock(reader, 'value'), expireAt: 0n };
  }
  if (op === OP_PUT_EXPIRING) {
    const expireAt = reader.u64('expireAt');
    if (expireAt === 0n) throw new DecodeFault('expireAt', 'is announced and never');
    return { op: 'put', key: readBlock(reader, 'key'), value: readBlock(reader, 'value'), expireAt };
  }
  if (op === OP_DELETE) return { op: 'delete', key: readBlock(reader, 'key') };
  if (op === OP_DELETE_PREFIX) {
    return { op: 'deletePrefix', prefix: readBlock(reader, 'prefix'), limit: reader.u32('limit') };
  }
  throw new DecodeFault('op', `is ${op}`);
}

function flagsOf({ requestId, startTs, readKeys, readRanges, conditions }: WriteCommand): number {
  return (
    (requestId === undefined ? 0 : HAS_REQUEST_ID) |
    (startTs === undefined ? 0 : HAS_START_TS) |
    (readKeys.length === 0 ? 0 : HAS_READ_KEYS) |
    (readRanges.length === 0 ? 0 : HAS_READ_RANGES) |
    (conditions.length === 0 ? 0 : HAS_CONDITIONS)
  );
}

/** At least what encoding needs, so that the writer never grows; exact for puts. */
function sizeOf(command: WriteCommand): number {
  let bytes =
    14 + (command.requestId === undefined ? 0 : REQUEST_ID_BYTES) + (command.startTs === undefined ? 0 : 8);
  bytes += 12;
  for (const key of command.readKeys) bytes += 4 + key.length;
  for (const { from, to } of command.readRanges) bytes += 9 + from.length + (to?.length ?? 0);
  for (const { key, expect } of command.conditions) {
    bytes += 13 + key.length + (expect.kind === 'value' ? expect.value.length : 0);
  }
  for (const mutation of command.mutations) {
    if (mutation.op === 'put') bytes += 17 + mutation.key.length + mutation.value.length;
    else bytes += 9 + (mutation.op === 'delete' ? mutation.key.length : mutation.prefix.length);
  }
  invariant('FMT-1', bytes <= 0xffff_ffff, 'command size');
  return bytes;
}
