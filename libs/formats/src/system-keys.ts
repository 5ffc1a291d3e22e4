import { concatBytes, toUtf8 } from '@caisson/base';
import { decodeAll, fits64, fitsBytes, fitsIndex, readFlags } from './decoding.js';
import { type KeyRange, TABLE } from './keys.js';

/** `0x01 ‖ name`: a replicated row that belongs to no user. */
export function systemKey(name: string | Uint8Array): Uint8Array {
  const bytes = typeof name === 'string' ? toUtf8(name) : name;
  return concatBytes(Uint8Array.of(TABLE.system), bytes);
}

/** Whole store keys of the rows a group has once each. Shared: do not write into them. */
export const SYSTEM_KEYS = Object.freeze({
  /** Index of the last applied entry (`encodeIndexRow`), written in the batch of that entry. */
  appliedIndex: systemKey('applied'),
  /** Highest commit timestamp applied (`encodeTimestampRow`). */
  lastCommitTs: systemKey('last-commit'),
  /** Retention floor (`encodeTimestampRow`): below it no read is answered. */
  retentionFloor: systemKey('floor'),
  /** The 16 bytes of the cluster id. */
  clusterId: systemKey('cluster'),
  /** Replicated limit of the clock, Unix milliseconds (`encodeTimestampRow`). */
  hlcCeiling: systemKey('hlc-ceiling'),
  /** Members, their addresses and the index of the change (`encodeMembership`). */
  membership: systemKey('membership'),
  /** How many entries were refused (`encodeIndexRow`). */
  refusedCount: systemKey('refused'),
  /** Wrapped keys, flags and cutovers (`encodeKeyState`). */
  keyState: systemKey('key-state'),
  /** Around the Raft cutover (`encodeCutoverProgress`). */
  cutoverProgress: systemKey('cutover'),
});

const REQUEST_PREFIX = systemKey('request|');
export const REQUEST_ID_BYTES = 16;

/** Where the result of a write with a request id is kept. */
export function requestResultKey(requestId: Uint8Array): Uint8Array {
  return concatBytes(REQUEST_PREFIX, fitsBytes(requestId, REQUEST_ID_BYTES, 'requestId'));
}

export function requestResultRange(): KeyRange {
  const to = new Uint8Array(REQUEST_PREFIX);
  to[to.length - 1]! += 1;
  return { from: REQUEST_PREFIX, to };
}

/** A row that holds one index, term or count: u64, below 2^53. */
export function encodeIndexRow(value: number): Uint8Array {
  const row = new Uint8Array(8);
  const view = new DataView(row.buffer);
  view.setUint32(0, Math.floor(fitsIndex(value, 'index') / 0x1_0000_0000));
  view.setUint32(4, value >>> 0);
  return row;
}

export function decodeIndexRow(bytes: Uint8Array): number {
  return decodeAll('CORRUPTION', bytes, (reader) => reader.index('index'));
}

/** A row that holds one timestamp: u64. */
export function encodeTimestampRow(value: bigint): Uint8Array {
  const row = new Uint8Array(8);
  new DataView(row.buffer).setBigUint64(0, fits64(value, 'timestamp'));
  return row;
}

export function decodeTimestampRow(bytes: Uint8Array): bigint {
  return decodeAll('CORRUPTION', bytes, (reader) => reader.u64('timestamp'));
}

/** What decides how a clear entry above the Raft cutover is met. */
export interface CutoverProgress {
  /** Term of the cutover entry. */
  readonly term: number;
  /** Whether an entry above the cutover was applied that was sealed. */
  readonly sealedSeen: boolean;
}

/** `term u64 ‖ flags u8`, bit 0 sealed seen. */
export function encodeCutoverProgress({ term, sealedSeen }: CutoverProgress): Uint8Array {
  return concatBytes(encodeIndexRow(term), Uint8Array.of(sealedSeen ? 1 : 0));
}

export function decodeCutoverProgress(bytes: Uint8Array): CutoverProgress {
  return decodeAll('CORRUPTION', bytes, (reader) => ({
    term: reader.index('term'),
    sealedSeen: readFlags(reader, 1, 'flags') !== 0,
  }));
}
