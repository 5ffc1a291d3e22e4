import { crc32c } from '@caisson/base';
import type { LogEntry, LogEntryKind } from '@caisson/contracts';
import { indexAt, putIndex } from './numbers.js';

const TABLE = 1;
const FORMAT = 1;
const KEY_BYTES = 13;
const HEADER_BYTES = 18;
const CRC_AT = 14;

const KINDS: readonly LogEntryKind[] = ['normal', 'confChange', 'confChangeV2'];

export interface EncodedRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly crc: number;
  /** The data inside of `value`. */
  readonly data: Uint8Array;
}

export interface DecodedRecord {
  readonly entry: LogEntry;
  /** Checksum of the record before. */
  readonly previous: number;
  readonly crc: number;
}

export function recordKey(generation: number, index: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  putKey(key, generation, index);
  return key;
}

/** `previous` is the checksum of the record before: no record can be exchanged unseen for an older one. */
export function encodeRecord(generation: number, entry: LogEntry, previous: number): EncodedRecord {
  const { index, term, kind, data } = entry;
  const record = Buffer.allocUnsafe(KEY_BYTES + HEADER_BYTES + data.length);
  putKey(record, generation, index);
  record[KEY_BYTES] = FORMAT;
  record[KEY_BYTES + 1] = KINDS.indexOf(kind);
  putIndex(record, term, KEY_BYTES + 2);
  record.writeUInt32BE(previous, KEY_BYTES + 10);
  const crc = crc32c(data, crc32c(record.subarray(0, KEY_BYTES + CRC_AT)));
  record.writeUInt32BE(crc, KEY_BYTES + CRC_AT);
  record.set(data, KEY_BYTES + HEADER_BYTES);
  const value = record.subarray(KEY_BYTES);
  return { key: record.subarray(0, KEY_BYTES), value, crc, data: dataOf(value) };
}

/** `undefined` for anything but an intact record of `index`. Shares memory with `value`. */
export function decodeRecord(
  generation: number,
  index: number,
  value: Buffer | undefined,
): DecodedRecord | undefined {
  if (value === undefined || value.length < HEADER_BYTES || value[0] !== FORMAT) return undefined;
  const data = dataOf(value);
  const crc = value.readUInt32BE(CRC_AT);
  const beforeCrc = crc32c(value.subarray(0, CRC_AT), crc32c(recordKey(generation, index)));
  if (crc !== crc32c(data, beforeCrc)) return undefined;
  const term = indexAt(value, 2);
  const kind = KINDS[value[1]!];
  if (kind === undefined || !Number.isSafeInteger(term)) return undefined;
  return { entry: { index, term, kind, data }, previous: value.readUInt32BE(10), crc };
}

function putKey(bytes: Buffer, generation: number, index: number): void {
  bytes[0] = TABLE;
  bytes.writeUInt32BE(generation, 1);
  putIndex(bytes, index, 5);
}

function dataOf(value: Buffer): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset + HEADER_BYTES, value.length - HEADER_BYTES);
}
