import { type ByteReader, ByteWriter, concatBytes, DecodeFault, invariant, toUtf8 } from '@caisson/base';
import { decodeAll, expectByte, fits, fits64, fitsBytes, fitsIndex } from './decoding.js';
import type { KeyRange } from './keys.js';
import { OPCODES } from './payload.js';
import { readShortText, writeShortText } from './short-text.js';
import { systemKey } from './system-keys.js';

export const AUDIT_CALL_BYTES = 16;
export const AUDIT_HASH_BYTES = 32;

/** Most characters of each text of a line. */
export const AUDIT_TEXT_MAX = Object.freeze({
  node: 256,
  who: 256,
  from: 128,
  what: 96,
  detail: 1024,
  result: 64,
});

/**
 * `begun` comes before an order is carried out and `ended` after it, both under one call id; `refused` stands
 * for calls that were turned away before anything was begun.
 */
export type AuditLineKind = 'begun' | 'ended' | 'refused';

/** What is said of one order. Texts only: no secrets, no keys of users, no values. */
export interface AuditLine {
  readonly kind: AuditLineKind;
  /** 16 random bytes; a line that is proposed again is told by them. */
  readonly call: Uint8Array;
  /** Hybrid timestamp of the clock of `node`. */
  readonly at: bigint;
  /** The node that took the call. */
  readonly node: string;
  /** The caller as the node knows them. */
  readonly who: string;
  /** The caller's address, as the node saw it. */
  readonly from: string;
  /** Name of the order. */
  readonly what: string;
  /** What was ordered, beyond the name. */
  readonly detail: string;
  /** `ok` or a code of the error catalogue; empty while that is open. */
  readonly result: string;
  /** How many calls the line stands for. */
  readonly count: number;
}

/** A line in its place in the chain. */
export interface AuditRow {
  /** Above the stamp of the line before, whatever the clocks of nodes say. */
  readonly stamp: bigint;
  /** Position of the log entry that brought it. */
  readonly index: number;
  /** The line, encoded. */
  readonly line: Uint8Array;
  /** Of everything above, the number of the line, and the hash of the line before. */
  readonly hash: Uint8Array;
}

/** The end of the chain. */
export interface AuditHead {
  /** Number of the last line; lines count from 1. */
  readonly count: number;
  readonly stamp: bigint;
  readonly hash: Uint8Array;
}

const VERSION = 0x01;
const KINDS: readonly AuditLineKind[] = ['begun', 'ended', 'refused'];
const TEXTS = ['node', 'who', 'from', 'what', 'detail', 'result'] as const;
const LINE_PREFIX = systemKey('audit|line|');

/** The chain before its first line. */
export const AUDIT_START: AuditHead = Object.freeze({
  count: 0,
  stamp: 0n,
  hash: new Uint8Array(AUDIT_HASH_BYTES),
});

export const AUDIT_HEAD_KEY = systemKey('audit|head');

/** `0x10 ‖ line`: the payload that appends a line. */
export function encodeAuditEntry(line: AuditLine): Uint8Array {
  return concatBytes(Uint8Array.of(OPCODES.auditLine), encodeAuditLine(line));
}

/** The line of a payload, encoded; it is one that `decodeAuditLine` takes. */
export function decodeAuditEntry(payload: Uint8Array): Uint8Array {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.auditLine, 'opcode');
    const line = reader.rest();
    decodeAll('ENTRY_MALFORMED', line, readLine);
    return line;
  });
}

/** `0x01 ‖ kind u8 ‖ call 16 ‖ at u64 ‖ count u32 ‖ node ‖ who ‖ from ‖ what ‖ detail ‖ result`. */
export function encodeAuditLine(line: AuditLine): Uint8Array {
  const writer = new ByteWriter(256)
    .u8(VERSION)
    .u8(KINDS.indexOf(line.kind) + 1)
    .bytes(fitsBytes(line.call, AUDIT_CALL_BYTES, 'call'))
    .u64(fits64(line.at, 'at'))
    .u32(fits(line.count, 32, 'count'));
  for (const text of TEXTS) {
    invariant('FMT-1', line[text].length <= AUDIT_TEXT_MAX[text], text);
    writeShortText(writer, line[text]);
  }
  return writer.done();
}

export function decodeAuditLine(bytes: Uint8Array): AuditLine {
  return decodeAll('CORRUPTION', bytes, readLine);
}

/** `0x01 ‖ "audit|line|" ‖ number u64`. */
export function auditLineKey(number: number): Uint8Array {
  return new ByteWriter(LINE_PREFIX.length + 8).bytes(LINE_PREFIX).index(fitsIndex(number, 'number')).done();
}

/** The number of a line by its key. */
export function decodeAuditLineKey(key: Uint8Array): number {
  return decodeAll('CORRUPTION', key, (reader) => {
    for (const byte of LINE_PREFIX) expectByte(reader, byte, 'prefix');
    return reader.index('number');
  });
}

/** Lines from a number on. */
export function auditLineRange(first: number): KeyRange {
  const to = new Uint8Array(LINE_PREFIX);
  to[to.length - 1]! += 1;
  return { from: auditLineKey(first), to };
}

/** `0x01 ‖ stamp u64 ‖ index u64 ‖ block(line) ‖ hash 32`. */
export function encodeAuditRow({ stamp, index, line, hash }: AuditRow): Uint8Array {
  return new ByteWriter(53 + line.length)
    .u8(VERSION)
    .u64(fits64(stamp, 'stamp'))
    .index(fitsIndex(index, 'index'))
    .block(line)
    .bytes(fitsBytes(hash, AUDIT_HASH_BYTES, 'hash'))
    .done();
}

export function decodeAuditRow(bytes: Uint8Array): AuditRow {
  return decodeAll('CORRUPTION', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    const stamp = reader.u64('stamp');
    const index = reader.index('index');
    const line = reader.block(reader.remaining, 'line');
    decodeAuditLine(line);
    return { stamp, index, line, hash: reader.bytes(AUDIT_HASH_BYTES, 'hash') };
  });
}

/** `0x01 ‖ count u64 ‖ stamp u64 ‖ hash 32`. */
export function encodeAuditHead({ count, stamp, hash }: AuditHead): Uint8Array {
  return new ByteWriter(49)
    .u8(VERSION)
    .index(fitsIndex(count, 'count'))
    .u64(fits64(stamp, 'stamp'))
    .bytes(fitsBytes(hash, AUDIT_HASH_BYTES, 'hash'))
    .done();
}

export function decodeAuditHead(bytes: Uint8Array): AuditHead {
  return decodeAll('CORRUPTION', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    const count = reader.index('count');
    return { count, stamp: reader.u64('stamp'), hash: reader.bytes(AUDIT_HASH_BYTES, 'hash') };
  });
}

const CHAIN_INFO = toUtf8('caisson/audit/1');

/** What the hash of a line is computed over. */
export function auditHashInput(
  before: AuditHead,
  { stamp, index, line }: Omit<AuditRow, 'hash'>,
): Uint8Array {
  return new ByteWriter(95 + line.length)
    .bytes(CHAIN_INFO)
    .bytes(before.hash)
    .index(before.count + 1)
    .u64(stamp)
    .index(index)
    .block(line)
    .done();
}

function readLine(reader: ByteReader): AuditLine {
  expectByte(reader, VERSION, 'version');
  const kind = KINDS[reader.u8('kind') - 1];
  if (kind === undefined) throw new DecodeFault('kind', 'is unknown');
  const call = reader.bytes(AUDIT_CALL_BYTES, 'call');
  const at = reader.u64('at');
  const count = reader.u32('count');
  const text = (field: (typeof TEXTS)[number]): string => {
    const found = readShortText(reader, field);
    if (found.length > AUDIT_TEXT_MAX[field]) throw new DecodeFault(field, 'is too long');
    return found;
  };
  const [node, who, from, what] = [text('node'), text('who'), text('from'), text('what')];
  return { kind, call, at, count, node, who, from, what, detail: text('detail'), result: text('result') };
}
