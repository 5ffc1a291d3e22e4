import { ByteWriter, concatBytes, DecodeFault, invariant, toUtf8 } from '@caisson/base';
import { decodeAll, expectByte, fits, fits64, fitsIndex } from './decoding.js';
import { OPCODES } from './payload.js';

/** How much was sealed under one key. */
export interface KeyUsage {
  readonly messages: number;
  /** Of 16 bytes, and one more for each message. */
  readonly blocks: number;
}

export interface UsageClaim extends KeyUsage {
  readonly dekId: number;
}

/** What one node has sealed, or is about to, by key. */
export interface UsageReport {
  readonly fullNodeId: bigint;
  /** Ascending by key. */
  readonly keys: readonly UsageClaim[];
}

export interface UsageRow extends KeyUsage {
  readonly fullNodeId: bigint;
}

const WIRE_1 = 0x01;
const CLAIM_BYTES = 20;
const PREFIX = toUtf8('!encryption|usage|');
const SEPARATOR = 0x7c;

/** `0x06 ‖ 0x01 ‖ full_node_id u64 ‖ count u16 ‖ count × (dek_id u32 ‖ messages u64 ‖ blocks u64)`. */
export function encodeUsageReport({ fullNodeId, keys }: UsageReport): Uint8Array {
  invariant('FMT-1', keys.length > 0, 'a usage report is about at least one key');
  const writer = new ByteWriter(12 + keys.length * CLAIM_BYTES)
    .u8(OPCODES.keyUsage)
    .u8(WIRE_1)
    .u64(fits64(fullNodeId, 'fullNodeId'))
    .u16(fits(keys.length, 16, 'keys'));
  for (const { dekId, messages, blocks } of keys) {
    writer.u32(fits(dekId, 32, 'dekId'));
    writer.index(fitsIndex(messages, 'messages')).index(fitsIndex(blocks, 'blocks'));
  }
  return writer.done();
}

export function decodeUsageReport(payload: Uint8Array): UsageReport {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.keyUsage, 'opcode');
    expectByte(reader, WIRE_1, 'wire');
    const fullNodeId = reader.u64('fullNodeId');
    const count = reader.u16('keys');
    if (count === 0) throw new DecodeFault('keys', 'are none');
    const keys: UsageClaim[] = [];
    for (let at = 0; at < count; at++) {
      const dekId = reader.u32('dekId');
      const before = keys.at(-1);
      if (before !== undefined && before.dekId >= dekId) throw new DecodeFault('keys', 'do not ascend');
      keys.push({ dekId, messages: reader.index('messages'), blocks: reader.index('blocks') });
    }
    return { fullNodeId, keys };
  });
}

/** `"!encryption|usage|" ‖ dek_id u32 ‖ '|' ‖ full_node_id u64`, without the table byte. */
export function usageRowKey(dekId: number, fullNodeId: bigint): Uint8Array {
  const node = new ByteWriter(8).u64(fits64(fullNodeId, 'fullNodeId')).done();
  return concatBytes(usageRowPrefix(dekId), node);
}

/** What the keys of all rows of one key start with; without the table byte. */
export function usageRowPrefix(dekId: number): Uint8Array {
  const tail = new ByteWriter(5)
    .u32(fits(dekId, 32, 'dekId'))
    .u8(SEPARATOR)
    .done();
  return concatBytes(PREFIX, tail);
}

/** `full_node_id u64 ‖ messages u64 ‖ blocks u64`. */
export function encodeUsageRow({ fullNodeId, messages, blocks }: UsageRow): Uint8Array {
  return new ByteWriter(24)
    .u64(fits64(fullNodeId, 'fullNodeId'))
    .index(fitsIndex(messages, 'messages'))
    .index(fitsIndex(blocks, 'blocks'))
    .done();
}

export function decodeUsageRow(bytes: Uint8Array): UsageRow {
  return decodeAll('CORRUPTION', bytes, (reader) => ({
    fullNodeId: reader.u64('fullNodeId'),
    messages: reader.index('messages'),
    blocks: reader.index('blocks'),
  }));
}
