import { toUtf8 } from '@caisson/base';
import {
  decodeSnapshotChunk,
  decodeSnapshotLength,
  decodeSnapshotPrefix,
  encodeSnapshotChunk,
  encodeSnapshotPreamble,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_HEADER_BYTES_MAX,
  SNAPSHOT_LENGTH_BYTES,
  snapshotPairBytes,
} from './index.js';

const prefix = (magic: string, length: number) =>
  Uint8Array.of(...toUtf8(magic), length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
const refused = (field: string, problem?: string) =>
  expect.objectContaining({
    code: 'SNAPSHOT_INVALID',
    details: expect.objectContaining(problem === undefined ? { field } : { field, problem }),
  });

test('a stream begins with its magic and the length of its header', () => {
  const none = new Uint8Array(0);
  const preamble = encodeSnapshotPreamble({
    clusterId: new Uint8Array(16),
    group: 1,
    index: 9,
    term: 2,
    hlcCeiling: 0n,
    refused: 0,
    storageCutoverIndex: 0,
    storageCutoverTs: 0n,
    raftCutoverIndex: 0,
    membership: Uint8Array.of(1),
    cutoverProgress: none,
    keyState: none,
  });
  expect(decodeSnapshotPrefix(preamble.subarray(0, 12))).toBe(preamble.length - 12);
});

test('a later format of the family is named as one, and never guessed', () => {
  expect(() => decodeSnapshotPrefix(prefix('CAISSNP2', 5))).toThrow(
    refused('magic', 'is of a format this build does not know'),
  );
  expect(() => decodeSnapshotPrefix(prefix('CAISHED1', 5))).toThrow(refused('magic', 'is no snapshot'));
});

test('lengths above their limits are refused before anything is gathered for them', () => {
  expect(decodeSnapshotPrefix(prefix('CAISSNP1', SNAPSHOT_HEADER_BYTES_MAX))).toBe(SNAPSHOT_HEADER_BYTES_MAX);
  expect(() => decodeSnapshotPrefix(prefix('CAISSNP1', SNAPSHOT_HEADER_BYTES_MAX + 1))).toThrow(
    refused('headerLength'),
  );
  expect(() => decodeSnapshotLength(Uint8Array.of(0xff, 0, 0, 0))).toThrow(refused('chunkLength'));
  expect(SNAPSHOT_CHUNK_BYTES_MAX).toBeGreaterThan(64 * 1024 * 1024 + 2 * 64 * 1024);
});

test.each<[string, readonly number[]]>([
  ['of the node alone', [6, 1]],
  ['of no table', [0]],
  ['without a table', []],
])('a row %s is in no snapshot', (_, key) => {
  const chunk = encodeSnapshotChunk([{ key: Uint8Array.from(key), value: new Uint8Array(0) }]);
  expect(() => decodeSnapshotChunk(chunk.subarray(SNAPSHOT_LENGTH_BYTES))).toThrow(refused('key'));
});

test('keys that repeat or go back are refused', () => {
  const pair = (last: number) => ({ key: Uint8Array.of(2, last), value: new Uint8Array(0) });
  for (const pairs of [
    [pair(1), pair(1)],
    [pair(2), pair(1)],
  ]) {
    const chunk = encodeSnapshotChunk(pairs);
    expect(() => decodeSnapshotChunk(chunk.subarray(SNAPSHOT_LENGTH_BYTES))).toThrow(refused('key'));
  }
});

test('the bytes of a pair are known before it is encoded', () => {
  const pair = { key: Uint8Array.of(2, 7), value: Uint8Array.of(1, 2, 3) };
  expect(encodeSnapshotChunk([pair, { ...pair, key: Uint8Array.of(2, 8) }])).toHaveLength(
    8 + 2 * snapshotPairBytes(pair),
  );
});

test('a chunk of no pairs is a bug of its maker', () => {
  expect(() => encodeSnapshotChunk([])).toThrow('FMT-1');
});
