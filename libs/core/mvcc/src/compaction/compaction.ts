import { concatBytes, EMPTY_BYTES } from '@caisson/base';
import type { Pair, ReadableStore, ReadView, ScanLimits, StoreBatch, Timestamp } from '@caisson/contracts';
import {
  decodeRequestResult,
  requestResultRange,
  splitValue,
  SYSTEM_KEYS,
  TABLE,
  tableRange,
} from '@caisson/formats';
import { isExpired } from '../clock/timestamp.js';
import { readTimestampRow } from '../read/group-rows.js';
import { atTimestamp, commitTsOf, isSameUserKey } from '../read/version.js';
import {
  COMPACTION_CURSOR_KEY,
  type CompactionCursor,
  decodeCompactionCursor,
  encodeCompactionCursor,
} from './compaction-cursor.js';

/** Small enough that an apply waiting behind a slice does not notice. */
const SLICE: ScanLimits = Object.freeze({ pairs: 512, bytes: 256 * 1024 });

const VERSIONS = tableRange(TABLE.versions);
const REQUESTS = requestResultRange();
const ZERO = Uint8Array.of(0);

export interface CompactionProgress {
  readonly more: boolean;
  /** Rows this slice removes. */
  readonly removed: number;
}

interface Slice {
  readonly view: ReadView;
  readonly limits: ScanLimits;
  readonly batch: StoreBatch;
}

/**
 * Adds one slice of compaction to `batch`: removes versions below the retention floor that no read can ask
 * for any more, and answers to requests older than it.
 *
 * Of each key everything above the floor stays, and the newest version at or below it unless that one is
 * dead. Where the work stands is a row of the same batch, so a crash neither skips nor repeats more than one
 * slice. Without anything to do it only reads two rows.
 */
export async function compactSlice(
  store: ReadableStore,
  batch: StoreBatch,
  limits: ScanLimits = SLICE,
): Promise<CompactionProgress> {
  const view = store.view();
  try {
    const floor = await readTimestampRow(view, SYSTEM_KEYS.retentionFloor);
    const row = await view.get(COMPACTION_CURSOR_KEY);
    const cursor = currentPass(floor, row === undefined ? undefined : decodeCompactionCursor(row));
    if (cursor === undefined) return { more: false, removed: 0 };
    const before = batch.size;
    const next = await advance({ view, limits, batch }, cursor);
    const removed = batch.size - before;
    batch.put(COMPACTION_CURSOR_KEY, encodeCompactionCursor(next));
    return { more: next.phase !== 'done' || next.floor < floor, removed };
  } finally {
    await view.close();
  }
}

/**
 * The pass to go on with; a new one starts only when the one before is done and the floor has risen since.
 */
function currentPass(floor: Timestamp, cursor: CompactionCursor | undefined): CompactionCursor | undefined {
  if (cursor !== undefined && cursor.phase !== 'done') return cursor;
  if (floor <= (cursor?.floor ?? 0n)) return undefined;
  return { floor, phase: 'versions', position: EMPTY_BYTES };
}

async function advance({ view, limits, batch }: Slice, cursor: CompactionCursor): Promise<CompactionCursor> {
  const range = cursor.phase === 'versions' ? VERSIONS : REQUESTS;
  const from = cursor.position.length === 0 ? range.from : concatBytes(cursor.position, ZERO);
  const pairs = await view.scan({ from, to: range.to }).next(limits);
  if (cursor.phase === 'requests') return removeRequests(cursor, pairs, batch);
  if (pairs.length > 0) return removeVersions(cursor, pairs, batch);
  removeDeadAnchor(cursor, batch);
  return { floor: cursor.floor, phase: 'requests', position: EMPTY_BYTES };
}

function removeVersions(
  start: CompactionCursor,
  pairs: readonly Pair[],
  batch: StoreBatch,
): CompactionCursor {
  const { floor } = start;
  let cursor = start;
  for (const { key, value } of pairs) {
    let { anchor } = cursor;
    if (cursor.position.length > 0 && !isSameUserKey(key, cursor.position)) {
      removeDeadAnchor(cursor, batch);
      anchor = undefined;
    }
    const commitTs = commitTsOf(key);
    if (anchor !== undefined) batch.delete(key);
    else if (commitTs <= floor) anchor = { commitTs, isDead: isDead(value, floor) };
    cursor = { floor, phase: 'versions', position: key, ...(anchor !== undefined && { anchor }) };
  }
  return cursor;
}

function removeRequests(
  start: CompactionCursor,
  pairs: readonly Pair[],
  batch: StoreBatch,
): CompactionCursor {
  const { floor } = start;
  for (const { key, value } of pairs) if (decodeRequestResult(value).commitTs < floor) batch.delete(key);
  const last = pairs.at(-1);
  return last === undefined
    ? { floor, phase: 'done', position: EMPTY_BYTES }
    : { floor, phase: 'requests', position: last.key };
}

function removeDeadAnchor({ anchor, position }: CompactionCursor, batch: StoreBatch): void {
  if (anchor?.isDead) batch.delete(atTimestamp(position, anchor.commitTs));
}

function isDead(stored: Uint8Array, floor: Timestamp): boolean {
  const { header } = splitValue(stored);
  return header.tombstone || isExpired(header.expireAt, floor);
}
