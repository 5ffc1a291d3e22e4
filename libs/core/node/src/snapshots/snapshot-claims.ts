import { EMPTY_BYTES, equalBytes } from '@caisson/base';
import { CaissonError, type StoredView } from '@caisson/contracts';
import {
  decodeIndexRow,
  decodeKeyState,
  decodeTimestampRow,
  EMPTY_KEY_STATE,
  type SnapshotHeader,
  SYSTEM_KEYS,
} from '@caisson/formats';

/** The part of a header that rows of the store say as well. */
export type SnapshotClaims = Omit<SnapshotHeader, 'group' | 'term'>;

/** Reads it from the rows; what is missing there reads as nothing. */
export async function readClaims(rows: Pick<StoredView, 'get'>): Promise<SnapshotClaims> {
  const read = async (key: Uint8Array) => (await rows.get(key)) ?? EMPTY_BYTES;
  const keyState = await read(SYSTEM_KEYS.keyState);
  const keys = keyState.length === 0 ? EMPTY_KEY_STATE : decodeKeyState(keyState);
  const indexOf = async (key: Uint8Array) => decodeOr(decodeIndexRow, await rows.get(key), 0);
  return {
    clusterId: await read(SYSTEM_KEYS.clusterId),
    index: await indexOf(SYSTEM_KEYS.appliedIndex),
    hlcCeiling: decodeOr(decodeTimestampRow, await rows.get(SYSTEM_KEYS.hlcCeiling), 0n),
    refused: await indexOf(SYSTEM_KEYS.refusedCount),
    storageCutoverIndex: keys.storageCutoverIndex,
    storageCutoverTs: keys.storageCutoverTs,
    raftCutoverIndex: keys.raftCutoverIndex,
    membership: await read(SYSTEM_KEYS.membership),
    cutoverProgress: await read(SYSTEM_KEYS.cutoverProgress),
    keyState,
  };
}

/** `SNAPSHOT_INVALID` with the name of the first claim that the rows do not bear out. */
export async function requireClaims(header: SnapshotHeader, rows: Pick<StoredView, 'get'>): Promise<void> {
  const found = await readClaims(rows);
  for (const name of Object.keys(found) as (keyof SnapshotClaims)[]) {
    if (isSame(found[name], header[name])) continue;
    throw new CaissonError('SNAPSHOT_INVALID', { field: name, problem: 'differs from the rows' });
  }
}

type Claim = SnapshotClaims[keyof SnapshotClaims];

function isSame(a: Claim, b: Claim): boolean {
  return a instanceof Uint8Array && b instanceof Uint8Array ? equalBytes(a, b) : a === b;
}

function decodeOr<T>(decode: (row: Uint8Array) => T, row: Uint8Array | undefined, absent: T): T {
  return row === undefined ? absent : decode(row);
}
