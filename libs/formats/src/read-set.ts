import { type ByteReader, type ByteWriter, DecodeFault } from '@caisson/base';
import type { Condition, Expectation, ReadRange } from '@caisson/contracts';
import { fits64, readAnnouncedCount, readBlock, readFlags } from './decoding.js';

const EXPECT_ABSENT = 0x01;
const EXPECT_EXISTS = 0x02;
const EXPECT_VALUE = 0x03;
const EXPECT_VERSION = 0x04;

/** `key_count u32 ‖ keys` and `range_count u32 ‖ ranges`, each only when not empty. */
export function writeReadSet(
  writer: ByteWriter,
  keys: readonly Uint8Array[],
  ranges: readonly ReadRange[],
): void {
  if (keys.length > 0) {
    writer.u32(keys.length);
    for (const key of keys) writer.block(key);
  }
  if (ranges.length > 0) {
    writer.u32(ranges.length);
    for (const { from, to } of ranges) {
      writer.u8(to === undefined ? 0 : 1).block(from);
      if (to !== undefined) writer.block(to);
    }
  }
}

export function readReadKeys(reader: ByteReader): readonly Uint8Array[] {
  const count = readAnnouncedCount(reader, 4, 'readKeys');
  const keys: Uint8Array[] = [];
  for (let at = 0; at < count; at++) keys.push(readBlock(reader, 'readKey'));
  return keys;
}

export function readReadRanges(reader: ByteReader): readonly ReadRange[] {
  const count = readAnnouncedCount(reader, 5, 'readRanges');
  const ranges: ReadRange[] = [];
  for (let at = 0; at < count; at++) {
    const bounded = readFlags(reader, 1, 'readRange') !== 0;
    const from = readBlock(reader, 'from');
    ranges.push(bounded ? { from, to: readBlock(reader, 'to') } : { from });
  }
  return ranges;
}

/** `count u32 ‖ count × (key ‖ kind u8 ‖ what the kind compares with)`. */
export function writeConditions(writer: ByteWriter, conditions: readonly Condition[]): void {
  writer.u32(conditions.length);
  for (const { key, expect } of conditions) {
    writer.block(key);
    if (expect.kind === 'absent') writer.u8(EXPECT_ABSENT);
    else if (expect.kind === 'exists') writer.u8(EXPECT_EXISTS);
    else if (expect.kind === 'value') writer.u8(EXPECT_VALUE).block(expect.value);
    else writer.u8(EXPECT_VERSION).u64(fits64(expect.ts, 'ts'));
  }
}

export function readConditions(reader: ByteReader): readonly Condition[] {
  const count = readAnnouncedCount(reader, 5, 'conditions');
  const conditions: Condition[] = [];
  for (let at = 0; at < count; at++) {
    conditions.push({ key: readBlock(reader, 'key'), expect: readExpectation(reader) });
  }
  return conditions;
}

function readExpectation(reader: ByteReader): Expectation {
  const kind = reader.u8('expect');
  if (kind === EXPECT_ABSENT) return { kind: 'absent' };
  if (kind === EXPECT_EXISTS) return { kind: 'exists' };
  if (kind === EXPECT_VALUE) return { kind: 'value', value: readBlock(reader, 'expected') };
  if (kind === EXPECT_VERSION) return { kind: 'version', ts: reader.u64('ts') };
  throw new DecodeFault('expect', `is ${kind}`);
}
