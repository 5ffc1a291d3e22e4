import type { LogEntry } from '@caisson/contracts';
import { decodeState, encodeState, type LogState } from './log-state.js';
import { decodeRecord, encodeRecord } from './records.js';

// The examples of docs/formats/log-records.md, which were computed without this library.
const RECORD_KEY = '01000000000000000000000005';
const RECORD_VALUE = '0100000000000000000201020304d45740a3616263';
const STATE =
  '010000000000000009000000010000000000000004000000000000000201020304000000000000000705060708' +
  '0000000000000003ffffffffffffffff00000000000000060000000100000000000000020000000000000004ddaca04f';

const entry: LogEntry = { index: 5, term: 2, kind: 'normal', data: new Uint8Array([0x61, 0x62, 0x63]) };
const state: LogState = {
  sequence: 9,
  generation: 1,
  start: { index: 4, term: 2 },
  anchor: 0x01020304,
  last: 7,
  tail: 0x05060708,
  hardState: { term: 3, vote: 0xffff_ffff_ffff_ffffn, commit: 6 },
  leftover: { generation: 1, from: 2, to: 4 },
};

test('a record has the documented bytes', () => {
  const { key, value, crc, data } = encodeRecord(0, entry, 0x01020304);
  expect([key.toString('hex'), value.toString('hex')]).toEqual([RECORD_KEY, RECORD_VALUE]);
  expect(data).toEqual(entry.data);
  expect(decodeRecord(0, 5, value)).toEqual({ entry, previous: 0x01020304, crc });
});

test('a state row has the documented bytes', () => {
  expect(encodeState(state).toString('hex')).toBe(STATE);
  expect(decodeState(Buffer.from(STATE, 'hex'))).toEqual(state);
});

test('any flipped bit, another index, another generation and a missing row are refused', () => {
  const value = Buffer.from(RECORD_VALUE, 'hex');
  for (const found of [decodeRecord(0, 6, value), decodeRecord(1, 5, value), decodeRecord(0, 5, undefined)]) {
    expect(found).toBeUndefined();
  }
  const flips = (bytes: Buffer) =>
    Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      return flipped;
    });
  for (const each of flips(value)) expect(decodeRecord(0, 5, each)).toBeUndefined();
  for (const each of flips(Buffer.from(STATE, 'hex'))) expect(decodeState(each)).toBeUndefined();
  expect(decodeState(Buffer.from(STATE, 'hex').subarray(1))).toBeUndefined();
});
