/** A member's id. Positive; 0 is nobody, and the two storage threads have ids below zero. */
export type NodeId = number;

export const NONE: NodeId = 0;

/** The pseudo members that work on storage in asynchronous mode. They lie outside the range of real ids. */
export const APPEND_THREAD: NodeId = -1;
export const APPLY_THREAD: NodeId = -2;

/** Whether `id` is one of the storage threads of this process rather than a member. */
export const isThread = (id: NodeId): boolean => id === APPEND_THREAD || id === APPLY_THREAD;

export type EntryType = 'EntryNormal' | 'EntryConfChange' | 'EntryConfChangeV2';

/**
 * One item of the log. Never changed once made: the same object sits in the log, in messages and in what was
 * handed out, so whoever holds one may keep it and must not write to it.
 */
export interface Entry {
  readonly term: number;
  readonly index: number;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** A position in the log: two logs that agree on it agree on everything before it. */
export interface EntryId {
  readonly term: number;
  readonly index: number;
}

export const NO_DATA = new Uint8Array(0);

/** An entry that has not been given its place in a log yet. */
export const unplacedEntry = (data: Uint8Array, type: EntryType = 'EntryNormal'): Entry => ({
  term: 0,
  index: 0,
  type,
  data,
});

/** Bytes the proposer pays for: what limits uncommitted entries and in-flight windows. */
export const payloadSize = (entry: Entry): number => entry.data.length;

export function payloadsSize(entries: readonly Entry[]): number {
  let size = 0;
  for (const entry of entries) size += entry.data.length;
  return size;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/**
 * Bytes an entry takes in a message, as a protocol buffer would count them: what limits messages and pages.
 */
export function encodedSize(entry: Entry): number {
  const type = entry.type === 'EntryNormal' ? 0 : 2;
  const data = entry.data.length === 0 ? 0 : 1 + varintSize(entry.data.length) + entry.data.length;
  return 1 + varintSize(entry.term) + 1 + varintSize(entry.index) + type + data;
}

export function encodedSizes(entries: readonly Entry[]): number {
  let size = 0;
  for (const entry of entries) size += encodedSize(entry);
  return size;
}

/**
 * The longest prefix within `sizeMax`, but always at least one entry: an over-large entry must still move.
 */
export function limitSize(entries: readonly Entry[], sizeMax: number): readonly Entry[] {
  if (sizeMax === Infinity) return entries;
  let size = 0;
  for (let count = 0; count < entries.length; count++) {
    size += encodedSize(entries[count]!);
    if (count > 0 && size > sizeMax) return entries.slice(0, count);
  }
  return entries;
}
