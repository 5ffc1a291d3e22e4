import {
  ByteWriter,
  compareBytes,
  concatBytes,
  crc32c,
  DecodeFault,
  EMPTY_BYTES,
  equalBytes,
  invariant,
} from '@caisson/base';
import type { Pair } from '@caisson/contracts';
import { decodeAll, fitsBytes, fitsIndex } from './decoding.js';
import { TABLE } from './keys.js';

/** How a stream ends. */
export interface SnapshotTrailer {
  readonly pairs: number;
  /** SHA-256 of everything before it. */
  readonly digest: Uint8Array;
  /** HMAC-SHA-256 of `preamble ‖ digest`; empty before bootstrap. */
  readonly mac: Uint8Array;
}

/** Before each chunk and before the trailer: how many bytes of pairs follow. */
export const SNAPSHOT_LENGTH_BYTES = 4;
/** Between the length and the pairs of a chunk. */
export const SNAPSHOT_CHECKSUM_BYTES = 4;
const DIGEST_BYTES = 32;
const MAC_BYTES = 32;
const NO_MAC = new Uint8Array(MAC_BYTES);
/** The trailer behind its length. */
export const SNAPSHOT_TRAILER_BYTES = 8 + DIGEST_BYTES + MAC_BYTES;

const CHUNK_HEAD_BYTES = SNAPSHOT_LENGTH_BYTES + SNAPSHOT_CHECKSUM_BYTES;

/** Room for the largest pair there can be. Longer chunks are refused before they are gathered. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 72 * 1024 * 1024;

const PAIR_FRAME_BYTES = 8;

/** Bytes a pair takes in a chunk. */
export function snapshotPairBytes({ key, value }: Pair): number {
  return PAIR_FRAME_BYTES + key.length + value.length;
}

/**
 * `length u32 ‖ crc32c u32 ‖ pairs`, a pair being `key_len u32 ‖ key ‖ value_len u32 ‖ value`. At least one
 * pair, keys ascending. In one allocation: chunks are what a snapshot is made of.
 */
export function encodeSnapshotChunk(pairs: readonly Pair[]): Uint8Array {
  let length = 0;
  for (const pair of pairs) length += snapshotPairBytes(pair);
  invariant('FMT-1', length > 0 && length <= SNAPSHOT_CHUNK_BYTES_MAX, 'a chunk holds pairs, not too many');
  const chunk = new Uint8Array(CHUNK_HEAD_BYTES + length);
  const view = new DataView(chunk.buffer);
  let at = CHUNK_HEAD_BYTES;
  for (const { key, value } of pairs) {
    view.setUint32(at, key.length);
    chunk.set(key, at + 4);
    view.setUint32(at + 4 + key.length, value.length);
    chunk.set(value, at + PAIR_FRAME_BYTES + key.length);
    at += PAIR_FRAME_BYTES + key.length + value.length;
  }
  view.setUint32(0, length);
  view.setUint32(4, crc32c(chunk.subarray(CHUNK_HEAD_BYTES)));
  return chunk;
}

/** The length before a chunk; 0 says that the trailer follows. */
export function decodeSnapshotLength(bytes: Uint8Array): number {
  return decodeAll('SNAPSHOT_INVALID', bytes, (reader) => {
    const length = reader.u32('chunkLength');
    if (length > SNAPSHOT_CHUNK_BYTES_MAX) throw new DecodeFault('chunkLength', 'is above the limit');
    return length;
  });
}

/**
 * The pairs of a chunk, as windows into it: `bytes` is the chunk behind its length. The checksum is compared
 * first; keys must ascend and belong to what is replicated.
 */
export function decodeSnapshotChunk(bytes: Uint8Array): readonly Pair[] {
  return decodeAll('SNAPSHOT_INVALID', bytes, (reader) => {
    const checksum = reader.u32('checksum');
    if (crc32c(bytes.subarray(SNAPSHOT_CHECKSUM_BYTES)) !== checksum)
      throw new DecodeFault('checksum', 'fails');
    if (reader.remaining === 0) throw new DecodeFault('chunk', 'is empty');
    const pairs: Pair[] = [];
    let last: Uint8Array | undefined;
    while (reader.remaining > 0) {
      const key = reader.view(reader.u32('key'), 'key');
      const value = reader.view(reader.u32('value'), 'value');
      if (!isReplicated(key)) throw new DecodeFault('key', 'is of no replicated table');
      if (last !== undefined && compareBytes(last, key) >= 0) throw new DecodeFault('key', 'does not ascend');
      last = key;
      pairs.push({ key, value });
    }
    return pairs;
  });
}

/** The part of the trailer that its digest covers, too: `0 u32 ‖ pairs index`. */
export function encodeSnapshotEnd(pairs: number): Uint8Array {
  return new ByteWriter(12).u32(0).index(fitsIndex(pairs, 'pairs')).done();
}

/** `0 u32 ‖ pairs index ‖ digest 32 ‖ mac 32`, where 32 zero bytes stand for no MAC. */
export function encodeSnapshotTrailer({ pairs, digest, mac }: SnapshotTrailer): Uint8Array {
  const end = encodeSnapshotEnd(pairs);
  const proof = mac.length === 0 ? NO_MAC : fitsBytes(mac, MAC_BYTES, 'mac');
  return concatBytes(end, fitsBytes(digest, DIGEST_BYTES, 'digest'), proof);
}

/** The trailer behind its length. */
export function decodeSnapshotTrailer(bytes: Uint8Array): SnapshotTrailer {
  return decodeAll('SNAPSHOT_INVALID', bytes, (reader) => {
    const pairs = reader.index('pairs');
    const digest = reader.bytes(DIGEST_BYTES, 'digest');
    const mac = reader.bytes(MAC_BYTES, 'mac');
    return { pairs, digest, mac: equalBytes(mac, NO_MAC) ? EMPTY_BYTES : mac };
  });
}

function isReplicated(key: Uint8Array): boolean {
  const table = key[0];
  return table !== undefined && table >= TABLE.system && table < TABLE.local;
}
