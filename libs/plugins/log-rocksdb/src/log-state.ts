import { crc32c } from '@caisson/base';
import type { HardState, LogStart } from '@caisson/contracts';
import { indexAt, putIndex } from './numbers.js';
import type { RecordRange } from './stored-records.js';

/** All about a log but its entries. One row, written with every batch; the head file holds a copy of it. */
export interface LogState {
  /** Counts the batches, from 1. 0: nothing was ever written. */
  readonly sequence: number;
  /** Counts the resets: records of an earlier generation are leftovers, wherever they lie. */
  readonly generation: number;
  readonly start: LogStart;
  /** Checksum of the record at the start, which the first record names as its previous; 0 without one. */
  readonly anchor: number;
  readonly last: number;
  /** Checksum of the last record, `anchor` without one. */
  readonly tail: number;
  readonly hardState: HardState;
  /** Records that belong to the log no more and may not have been deleted yet; `NO_RECORDS` for none. */
  readonly leftover: RecordRange;
}

export const NO_RECORDS: RecordRange = { generation: 0, from: 1, to: 0 };

export const NEVER_WRITTEN: LogState = {
  sequence: 0,
  generation: 0,
  start: { index: 0, term: 0 },
  anchor: 0,
  last: 0,
  tail: 0,
  hardState: { term: 0, vote: 0n, commit: 0 },
  leftover: NO_RECORDS,
};

export const STATE_KEY = Buffer.from([0]);
export const STATE_BYTES = 93;
const FORMAT = 1;
const CRC_AT = 89;
/** Sequence, start, last, hard state and leftover. */
const INDEXES_AT = [1, 13, 21, 33, 45, 61, 73, 81];

export function encodeState(state: LogState): Buffer {
  const { start, hardState, leftover } = state;
  const row = Buffer.allocUnsafe(STATE_BYTES);
  row[0] = FORMAT;
  putIndex(row, state.sequence, 1);
  row.writeUInt32BE(state.generation, 9);
  putIndex(row, start.index, 13);
  putIndex(row, start.term, 21);
  row.writeUInt32BE(state.anchor, 29);
  putIndex(row, state.last, 33);
  row.writeUInt32BE(state.tail, 41);
  putIndex(row, hardState.term, 45);
  row.writeBigUInt64BE(hardState.vote, 53);
  putIndex(row, hardState.commit, 61);
  row.writeUInt32BE(leftover.generation, 69);
  putIndex(row, leftover.from, 73);
  putIndex(row, leftover.to, 81);
  row.writeUInt32BE(crc32c(row.subarray(0, CRC_AT)), CRC_AT);
  return row;
}

/** `undefined` for anything but an intact row. */
export function decodeState(row: Buffer): LogState | undefined {
  if (row.length !== STATE_BYTES || row[0] !== FORMAT) return undefined;
  if (row.readUInt32BE(CRC_AT) !== crc32c(row.subarray(0, CRC_AT))) return undefined;
  if (INDEXES_AT.some((at) => !Number.isSafeInteger(indexAt(row, at)))) return undefined;
  return {
    sequence: indexAt(row, 1),
    generation: row.readUInt32BE(9),
    start: { index: indexAt(row, 13), term: indexAt(row, 21) },
    anchor: row.readUInt32BE(29),
    last: indexAt(row, 33),
    tail: row.readUInt32BE(41),
    hardState: { term: indexAt(row, 45), vote: row.readBigUInt64BE(53), commit: indexAt(row, 61) },
    leftover: { generation: row.readUInt32BE(69), from: indexAt(row, 73), to: indexAt(row, 81) },
  };
}
