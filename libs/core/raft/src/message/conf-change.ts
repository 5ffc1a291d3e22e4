/**
 * Membership changes and the bytes that carry them in entries.
 *
 * Layout, version 2: transition u8 · count varint · count × (kind u8 · id varint) · context, to the end.
 * Version 1: kind u8 · id varint · context, to the end. Varints are little-endian groups of seven bits.
 */
import { type Entry, type EntryType, NO_DATA, type NodeId, unplacedEntry } from './entry.js';

export type ConfChangeTransition = 'auto' | 'implicit' | 'explicit';
export type ConfChangeKind = 'add-voter' | 'remove' | 'update' | 'add-learner';

export interface ConfChangeStep {
  readonly kind: ConfChangeKind;
  readonly id: NodeId;
}

/** Steps that take effect together. `context` is the application's own, for instance an address. */
export interface ConfChange {
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeStep[];
  readonly context: Uint8Array;
}

/** The numbers are part of the layout: add at the end, never reorder. */
const TRANSITIONS: readonly ConfChangeTransition[] = ['auto', 'implicit', 'explicit'];
const KINDS: readonly ConfChangeKind[] = ['add-voter', 'remove', 'update', 'add-learner'];

export const createConfChange = (fields: Partial<ConfChange>): ConfChange => ({
  transition: fields.transition ?? 'auto',
  changes: fields.changes ?? [],
  context: fields.context ?? NO_DATA,
});

/** How a committed change is carried out. */
export type ConfChangeWay = 'simple' | 'leave-joint' | { readonly autoLeave: boolean };

export function wayOf(change: ConfChange): ConfChangeWay {
  if (change.transition === 'auto' && change.changes.length === 0) return 'leave-joint';
  if (change.transition === 'auto' && change.changes.length === 1) return 'simple';
  return { autoLeave: change.transition !== 'explicit' };
}

export const leavesJoint = (change: ConfChange): boolean => wayOf(change) === 'leave-joint';

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** `version: 1` is only possible for exactly one step with the transition `auto`. */
export function confChangeEntry(change: ConfChange, { version }: { version: 1 | 2 } = { version: 2 }): Entry {
  const bytes: number[] = [];
  if (version === 2) {
    if (leavesJoint(change) && change.context.length === 0)
      return unplacedEntry(NO_DATA, 'EntryConfChangeV2');
    bytes.push(TRANSITIONS.indexOf(change.transition));
    pushVarint(bytes, change.changes.length);
  }
  for (const step of change.changes) {
    bytes.push(KINDS.indexOf(step.kind));
    pushVarint(bytes, step.id);
  }
  const data = new Uint8Array(bytes.length + change.context.length);
  data.set(bytes);
  data.set(change.context, bytes.length);
  return unplacedEntry(data, version === 2 ? 'EntryConfChangeV2' : 'EntryConfChange');
}

class Reader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    return this.bytes[this.#at++] ?? NaN;
  }

  /** NaN when the bytes end early, which every caller's range check refuses. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.byte();
      value += (byte % 128) * scale;
      if (!(byte >= 128)) return value;
    }
    return NaN;
  }

  rest(): Uint8Array {
    return this.bytes.slice(this.#at);
  }
}

function readSteps(reader: Reader, count: number): ConfChangeStep[] | undefined {
  const changes: ConfChangeStep[] = [];
  for (let done = 0; done < count; done++) {
    const kind = KINDS[reader.byte()];
    const id = reader.varint();
    if (kind === undefined || !Number.isSafeInteger(id)) return undefined;
    changes.push({ kind, id });
  }
  return changes;
}

/** The change an entry carries, or undefined if its bytes are none: they may come from a peer. */
export function decodeConfChange(entry: {
  readonly type: EntryType;
  readonly data: Uint8Array;
}): ConfChange | undefined {
  if (entry.type === 'EntryNormal') return undefined;
  const isFirstVersion = entry.type === 'EntryConfChange';
  if (!isFirstVersion && entry.data.length === 0) return createConfChange({});
  const reader = new Reader(entry.data);
  const transition = isFirstVersion ? 'auto' : TRANSITIONS[reader.byte()];
  const count = isFirstVersion ? 1 : reader.varint();
  if (transition === undefined || !Number.isSafeInteger(count)) return undefined;
  const changes = readSteps(reader, count);
  return changes && { transition, changes, context: reader.rest() };
}
