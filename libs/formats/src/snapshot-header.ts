import {
  type ByteReader,
  ByteWriter,
  concatBytes,
  DecodeFault,
  equalBytes,
  startsWith,
  toUtf8,
} from '@caisson/base';
import { decodeAll, fits, fits64, fitsBytes, fitsIndex } from './decoding.js';
import { CLUSTER_ID_BYTES } from './identity.js';

/** What a snapshot says of itself, before the rows that must agree with it. */
export interface SnapshotHeader {
  readonly clusterId: Uint8Array;
  readonly group: number;
  /** Everything up to and including the entry at this index is in it. */
  readonly index: number;
  /** Term of that entry. */
  readonly term: number;
  /** 0 where no limit was replicated yet. */
  readonly hlcCeiling: bigint;
  /** How many entries were refused. */
  readonly refused: number;
  /** As the key state says; 0 before bootstrap. */
  readonly storageCutoverIndex: number;
  readonly storageCutoverTs: bigint;
  readonly raftCutoverIndex: number;
  /** The row of that name, as stored (`encodeMembership`). */
  readonly membership: Uint8Array;
  /** The row of that name, as stored; empty where there is none. */
  readonly cutoverProgress: Uint8Array;
  /** The row of that name, as stored; empty before bootstrap. */
  readonly keyState: Uint8Array;
}

const FAMILY = toUtf8('CAISSNP');
const MAGIC = toUtf8('CAISSNP1');

/** The bytes before the header: magic and length. */
export const SNAPSHOT_PREFIX_BYTES = MAGIC.length + 4;

/** Longer headers are refused before anything is allocated for them. */
export const SNAPSHOT_HEADER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * `cluster_id 16 ‖ group index ‖ index index ‖ term index ‖ hlc_ceiling u64 ‖ refused index ‖
 * storage_cutover_index index ‖ storage_cutover_ts u64 ‖ raft_cutover_index index ‖ block membership ‖ block
 * cutover progress ‖ block key state`.
 */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  return new ByteWriter(1024)
    .bytes(fitsBytes(header.clusterId, CLUSTER_ID_BYTES, 'clusterId'))
    .index(fitsIndex(header.group, 'group'))
    .index(fitsIndex(header.index, 'index'))
    .index(fitsIndex(header.term, 'term'))
    .u64(fits64(header.hlcCeiling, 'hlcCeiling'))
    .index(fitsIndex(header.refused, 'refused'))
    .index(fitsIndex(header.storageCutoverIndex, 'storageCutoverIndex'))
    .u64(fits64(header.storageCutoverTs, 'storageCutoverTs'))
    .index(fitsIndex(header.raftCutoverIndex, 'raftCutoverIndex'))
    .block(header.membership)
    .block(header.cutoverProgress)
    .block(header.keyState)
    .done();
}

/** Checks the layout of the header alone; what its rows hold is for those who read rows. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader {
  return decodeAll('SNAPSHOT_INVALID', bytes, (reader) => ({
    clusterId: reader.bytes(CLUSTER_ID_BYTES, 'clusterId'),
    group: reader.index('group'),
    index: reader.index('index'),
    term: reader.index('term'),
    hlcCeiling: reader.u64('hlcCeiling'),
    refused: reader.index('refused'),
    storageCutoverIndex: reader.index('storageCutoverIndex'),
    storageCutoverTs: reader.u64('storageCutoverTs'),
    raftCutoverIndex: reader.index('raftCutoverIndex'),
    membership: reader.block(SNAPSHOT_HEADER_BYTES_MAX, 'membership'),
    cutoverProgress: reader.block(SNAPSHOT_HEADER_BYTES_MAX, 'cutoverProgress'),
    keyState: reader.block(SNAPSHOT_HEADER_BYTES_MAX, 'keyState'),
  }));
}

/** How a stream begins: `"CAISSNP1" ‖ header_len u32 ‖ header`. */
export function encodeSnapshotPreamble(header: SnapshotHeader): Uint8Array {
  const bytes = encodeSnapshotHeader(header);
  fits(bytes.length, 32, 'header');
  return concatBytes(new ByteWriter(SNAPSHOT_PREFIX_BYTES).bytes(MAGIC).u32(bytes.length).done(), bytes);
}

/**
 * The length of the header, from the first `SNAPSHOT_PREFIX_BYTES` of a stream. A later format of the family
 * is told from what is no snapshot at all, and refused as well.
 */
export function decodeSnapshotPrefix(prefix: Uint8Array): number {
  return decodeAll('SNAPSHOT_INVALID', prefix, (reader) => {
    refuseOtherMagic(reader);
    const length = reader.u32('headerLength');
    if (length > SNAPSHOT_HEADER_BYTES_MAX) throw new DecodeFault('headerLength', 'is above the limit');
    return length;
  });
}

function refuseOtherMagic(reader: ByteReader): void {
  const magic = reader.view(MAGIC.length, 'magic');
  if (equalBytes(magic, MAGIC)) return;
  const isOfFamily = startsWith(magic, FAMILY);
  throw new DecodeFault('magic', isOfFamily ? 'is of a format this build does not know' : 'is no snapshot');
}
