import { ByteWriter, concatBytes, DecodeFault, equalBytes, toUtf8 } from '@caisson/base';
import { decodeAll, fits, fits64 } from './decoding.js';

const PREFIX = toUtf8('!encryption|writers|');
const SEPARATOR = 0x7c;
const KEY_BYTES = PREFIX.length + 4 + 1 + 2;

export interface WriterKey {
  readonly dekId: number;
  readonly nodeId16: number;
}

/** Who may have sealed under a key, and up to which epoch. */
export interface WriterRow {
  readonly fullNodeId: bigint;
  readonly firstSeenEpoch: number;
  readonly lastSeenEpoch: number;
}

/**
 * `"!encryption|writers|" ‖ dek_id u32 ‖ '|' ‖ node_id16 u16`: 27 bytes, without the table byte. `systemKey`
 * of it is the store key.
 */
export function writerRegistryKey(dekId: number, nodeId16: number): Uint8Array {
  const tail = new Uint8Array(KEY_BYTES - PREFIX.length);
  const view = new DataView(tail.buffer);
  view.setUint32(0, fits(dekId, 32, 'dekId'));
  view.setUint8(4, SEPARATOR);
  view.setUint16(5, fits(nodeId16, 16, 'nodeId16'));
  return concatBytes(PREFIX, tail);
}

/** What the keys of all rows start with, or of all rows of one key; without the table byte. */
export function writerRegistryPrefix(dekId?: number): Uint8Array {
  return dekId === undefined ? PREFIX : writerRegistryKey(dekId, 0).subarray(0, KEY_BYTES - 2);
}

/** The inverse of `writerRegistryKey`. */
export function decodeWriterRegistryKey(bytes: Uint8Array): WriterKey {
  return decodeAll('CORRUPTION', bytes, (reader) => {
    if (!equalBytes(reader.view(PREFIX.length, 'prefix'), PREFIX)) {
      throw new DecodeFault('prefix', 'is not the registry’s');
    }
    const dekId = reader.u32('dekId');
    if (reader.u8('separator') !== SEPARATOR) throw new DecodeFault('separator', 'is missing');
    return { dekId, nodeId16: reader.u16('nodeId16') };
  });
}

/** `full_node_id u64 ‖ first_seen_epoch u16 ‖ last_seen_epoch u16`. */
export function encodeWriterRow(row: WriterRow): Uint8Array {
  return new ByteWriter(12)
    .u64(fits64(row.fullNodeId, 'fullNodeId'))
    .u16(fits(row.firstSeenEpoch, 16, 'firstSeenEpoch'))
    .u16(fits(row.lastSeenEpoch, 16, 'lastSeenEpoch'))
    .done();
}

export function decodeWriterRow(bytes: Uint8Array): WriterRow {
  return decodeAll('CORRUPTION', bytes, (reader) => {
    const fullNodeId = reader.u64('fullNodeId');
    const firstSeenEpoch = reader.u16('firstSeenEpoch');
    const lastSeenEpoch = reader.u16('lastSeenEpoch');
    if (lastSeenEpoch < firstSeenEpoch) throw new DecodeFault('lastSeenEpoch', 'lies before the first');
    return { fullNodeId, firstSeenEpoch, lastSeenEpoch };
  });
}
