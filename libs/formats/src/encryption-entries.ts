import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import { decodeAll, expectByte, fits, fits64, fitsBytes, fitsIndex, readCount } from './decoding.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { OPCODES } from './payload.js';
import { readWrappedKey, type WrappedKey, writeWrappedKey } from './wrapped-key.js';
import { WRAPPED_DEK_LIMITS } from './wrapped-dek.js';

/** Who may seal under which key from which epoch on. */
export interface WriterClaim {
  readonly dekId: number;
  readonly fullNodeId: bigint;
  readonly epoch: number;
}

/** At most so many claims enter one bootstrap. */
export const BOOTSTRAP_WRITERS_MAX = 16384;

export const WRITER_CLAIM_BYTES = 14;
const WIRE_1 = 0x01;
const WIRE_2 = 0x02;

/** The first two keys of a cluster. Wire 2 is written; wire 1 stays readable. */
export type BootstrapEntry = BootstrapWire1 | BootstrapWire2;

export interface BootstrapWire1 {
  readonly wire: 1;
  readonly storage: BareWrappedKey;
  readonly raft: BareWrappedKey;
  readonly writers: readonly WriterClaim[];
}

export interface BareWrappedKey {
  readonly keyId: number;
  readonly wrapped: Uint8Array;
}

export interface BootstrapWire2 {
  readonly wire: 2;
  readonly clusterId: ClusterId;
  /** Index of the membership that the leader's poll covered. */
  readonly confIndex: number;
  /** Index of the last key entry the leader had applied. */
  readonly stateIndex: number;
  readonly storage: WrappedKey;
  readonly raft: WrappedKey;
  readonly writers: readonly WriterClaim[];
}

/** `0x03 ‖ 0x01 ‖ dek_id u32 ‖ full_node_id u64 ‖ epoch u16`. */
export function encodeRegisterWriter(claim: WriterClaim): Uint8Array {
  const writer = new ByteWriter(16).u8(OPCODES.registerWriter).u8(WIRE_1);
  writeWriterClaim(writer, claim);
  return writer.done();
}

export function decodeRegisterWriter(payload: Uint8Array): WriterClaim {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.registerWriter, 'opcode');
    expectByte(reader, WIRE_1, 'wire');
    return readWriterClaim(reader);
  });
}

/**
 * Wire 1: `0x04 ‖ 0x01 ‖ storage_dek_id u32 ‖ len u32 ‖ wrapped ‖ raft_dek_id u32 ‖ len u32 ‖ wrapped ‖
 * writers`. Wire 2: `0x04 ‖ 0x02 ‖ cluster_id 16 ‖ conf_index u64 ‖ state_index u64 ‖ key ‖ key ‖ writers`,
 * where writers = `count u32 ‖ count × (dek_id u32 ‖ full_node_id u64 ‖ epoch u16)`.
 */
export function encodeBootstrap(entry: BootstrapEntry): Uint8Array {
  invariant('FMT-1', entry.writers.length <= BOOTSTRAP_WRITERS_MAX, 'bootstrap writers');
  const writer = new ByteWriter(512).u8(OPCODES.bootstrapEncryption).u8(entry.wire);
  if (entry.wire === WIRE_1) {
    writer.u32(fits(entry.storage.keyId, 32, 'keyId')).block(entry.storage.wrapped);
    writer.u32(fits(entry.raft.keyId, 32, 'keyId')).block(entry.raft.wrapped);
  } else {
    writer.bytes(fitsBytes(entry.clusterId, CLUSTER_ID_BYTES, 'clusterId'));
    writer.index(fitsIndex(entry.confIndex, 'confIndex')).index(fitsIndex(entry.stateIndex, 'stateIndex'));
    writeWrappedKey(writer, entry.storage);
    writeWrappedKey(writer, entry.raft);
  }
  writer.u32(entry.writers.length);
  for (const claim of entry.writers) writeWriterClaim(writer, claim);
  return writer.done();
}

/** Refuses malformed bytes only; whether ids collide or claims name foreign keys is decided at apply. */
export function decodeBootstrap(payload: Uint8Array): BootstrapEntry {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.bootstrapEncryption, 'opcode');
    const wire = reader.u8('wire');
    if (wire === WIRE_1) return readBootstrapWire1(reader);
    if (wire === WIRE_2) return readBootstrapWire2(reader);
    throw new DecodeFault('wire', `is ${wire}`);
  });
}

export function writeWriterClaim(writer: ByteWriter, { dekId, fullNodeId, epoch }: WriterClaim): void {
  writer
    .u32(fits(dekId, 32, 'dekId'))
    .u64(fits64(fullNodeId, 'fullNodeId'))
    .u16(fits(epoch, 16, 'epoch'));
}

export function readWriterClaim(reader: ByteReader): WriterClaim {
  return { dekId: reader.u32('dekId'), fullNodeId: reader.u64('fullNodeId'), epoch: reader.u16('epoch') };
}

function readBootstrapWire1(reader: ByteReader): BootstrapWire1 {
  const storage = readBareKey(reader, 'storage');
  const raft = readBareKey(reader, 'raft');
  return { wire: WIRE_1, storage, raft, writers: readWriters(reader) };
}

function readBareKey(reader: ByteReader, field: string): BareWrappedKey {
  return { keyId: reader.u32(field), wrapped: reader.block(WRAPPED_DEK_LIMITS.containerMax, field) };
}

function readBootstrapWire2(reader: ByteReader): BootstrapWire2 {
  const clusterId = reader.bytes(CLUSTER_ID_BYTES, 'clusterId');
  const confIndex = reader.index('confIndex');
  const stateIndex = reader.index('stateIndex');
  const storage = readWrappedKey(reader);
  const raft = readWrappedKey(reader);
  if (storage.purpose !== 'storage' || raft.purpose !== 'raft') {
    throw new DecodeFault('purpose', 'is not storage first and raft second');
  }
  if (storage.container.length === 0 || raft.container.length === 0) {
    throw new DecodeFault('container', 'is empty');
  }
  return { wire: WIRE_2, clusterId, confIndex, stateIndex, storage, raft, writers: readWriters(reader) };
}

function readWriters(reader: ByteReader): readonly WriterClaim[] {
  const count = readCount(reader, WRITER_CLAIM_BYTES, 'writers');
  if (count > BOOTSTRAP_WRITERS_MAX) throw new DecodeFault('writers', `are ${count}`);
  const writers: WriterClaim[] = [];
  for (let at = 0; at < count; at++) writers.push(readWriterClaim(reader));
  return writers;
}
