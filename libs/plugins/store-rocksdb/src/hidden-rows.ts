import { compareBytes, prefixEnd, startsWith, toUtf8 } from '@caisson/base';

/**
 * Keys as the database knows them, and the few rows of our own among them.
 *
 * The binding takes no empty key, so the empty key and keys that start with 0x00 are shifted by one byte,
 * which keeps their order and leaves `00 02 …` free for us. Every other key stands as it is.
 */
const ZERO = 0x00;
const EMPTY_MARK = 0x00;
const SHIFTED_MARK = 0x01;
const OWN_MARK = 0x02;

/** First byte of the table of rows that belong to one node alone. */
const LOCAL_TABLE = 0x06;

/** `0x06 ‖ "!marker|"`, followed by a sequence u64. */
export const MARKER_PREFIX = Buffer.from([LOCAL_TABLE, ...toUtf8('!marker|')]);
export const MARKER_END = Buffer.from(prefixEnd(MARKER_PREFIX)!);

/** Names the layout of the store. */
export const FORMAT_KEY = Buffer.from([ZERO, OWN_MARK, ...toUtf8('!store|format')]);
export const FORMAT_VALUE = Buffer.from([1]);

/** How far the store reached when it was opened last; written by the first batch after that. A u64. */
export const OPENED_KEY = Buffer.from([ZERO, OWN_MARK, ...toUtf8('!store|opened')]);

/** A half-open range of database keys. */
export interface Stretch {
  readonly from: Buffer;
  readonly to: Buffer | undefined;
}

const HIDDEN: readonly { readonly from: Buffer; readonly to: Buffer }[] = [
  { from: Buffer.from([ZERO, OWN_MARK]), to: Buffer.from([ZERO, OWN_MARK + 1]) },
  { from: MARKER_PREFIX, to: MARKER_END },
];

/** The key as the database knows it. No copy, except for the few that are shifted. */
export function toDatabaseKey(key: Uint8Array): Buffer {
  if (key.length > 0 && key[0] !== ZERO) {
    return Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.length);
  }
  if (key.length === 0) return Buffer.from([ZERO, EMPTY_MARK]);
  const shifted = Buffer.allocUnsafe(key.length + 1);
  shifted[0] = ZERO;
  shifted[1] = SHIFTED_MARK;
  shifted.set(key.subarray(1), 2);
  return shifted;
}

/** The inverse, for keys that are not ours. */
export function fromDatabaseKey(key: Buffer): Uint8Array {
  if (key[0] !== ZERO) return new Uint8Array(key.buffer, key.byteOffset, key.length);
  if (key[1] === EMPTY_MARK) return new Uint8Array(0);
  const restored = new Uint8Array(key.length - 1);
  restored.set(key.subarray(2), 1);
  return restored;
}

/** Whether a database key is one of ours, which nobody outside sees or writes. */
export function isHidden(key: Buffer): boolean {
  if (key[0] === LOCAL_TABLE) return startsWith(key, MARKER_PREFIX);
  return key[0] === ZERO && key[1] === OWN_MARK;
}

/** What is left of a range, ascending, once the hidden rows are cut out of it. Keeps copies. */
export function visibleStretches(range: {
  readonly from: Uint8Array;
  readonly to?: Uint8Array;
}): readonly Stretch[] {
  const to = range.to === undefined ? undefined : Buffer.from(toDatabaseKey(range.to));
  const stretches: Stretch[] = [];
  let from: Buffer = Buffer.from(toDatabaseKey(range.from));
  for (const hidden of HIDDEN) {
    if (to !== undefined && compareBytes(to, hidden.from) <= 0) break;
    if (compareBytes(from, hidden.to) >= 0) continue;
    if (compareBytes(from, hidden.from) < 0) stretches.push({ from, to: hidden.from });
    from = hidden.to;
  }
  if (to === undefined || compareBytes(from, to) < 0) stretches.push({ from, to });
  return stretches;
}
