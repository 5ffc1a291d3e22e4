import { type ByteReader, DecodeFault, EMPTY_BYTES, invariant } from '@caisson/base';
import {
  decodeAll,
  expectByte,
  fits,
  fitsIndex,
  readAnnouncedCount,
  readBlock,
  readFlags,
} from './decoding.js';

/** The type byte of what members say to each other. Never reused, never reordered. */
const TYPES = [
  undefined,
  'MsgProp',
  'MsgApp',
  'MsgAppResp',
  'MsgVote',
  'MsgVoteResp',
  'MsgPreVote',
  'MsgPreVoteResp',
  'MsgSnap',
  'MsgHeartbeat',
  'MsgHeartbeatResp',
  'MsgTransferLeader',
  'MsgTimeoutNow',
  'MsgForgetLeader',
  'MsgReadIndex',
  'MsgReadIndexResp',
] as const;

const ENTRY_TYPES = ['EntryNormal', 'EntryConfChange', 'EntryConfChangeV2'] as const;

/** What a node says to itself and to its storage. Has no bytes. */
export type WireLocalType =
  | 'MsgHup'
  | 'MsgBeat'
  | 'MsgCheckQuorum'
  | 'MsgUnreachable'
  | 'MsgSnapStatus'
  | 'MsgStorageAppend'
  | 'MsgStorageAppendResp'
  | 'MsgStorageApply'
  | 'MsgStorageApplyResp';

export type WireMessageType = NonNullable<(typeof TYPES)[number]> | WireLocalType;

export interface WireEntry {
  readonly term: number;
  readonly index: number;
  readonly type: (typeof ENTRY_TYPES)[number];
  readonly data: Uint8Array;
}

export interface WireConfState {
  readonly voters: readonly number[];
  readonly votersOutgoing: readonly number[];
  readonly learners: readonly number[];
  readonly learnersNext: readonly number[];
  readonly autoLeave: boolean;
}

export interface WireSnapshot {
  readonly index: number;
  readonly term: number;
  readonly confState: WireConfState;
  readonly data: Uint8Array;
}

/**
 * A Raft message, field by field as the core has it: each of the two can stand for the other.
 *
 * A local type, a storage thread as an address, and responses have no bytes: encoding them is a bug, and no
 * bytes decode to them.
 */
export interface WireMessage {
  readonly type: WireMessageType;
  readonly to: number;
  readonly from: number;
  readonly term: number;
  readonly logTerm: number;
  readonly index: number;
  readonly entries: readonly WireEntry[];
  readonly commit: number;
  readonly vote: number;
  readonly snapshot: WireSnapshot | undefined;
  readonly reject: boolean;
  readonly rejectHint: number;
  readonly context: Uint8Array;
  readonly responses: readonly WireMessage[];
}

const VERSION = 0x01;
const FLAG = {
  logTerm: 0x01,
  index: 0x02,
  commit: 0x04,
  vote: 0x08,
  reject: 0x10,
  rejectHint: 0x20,
  entries: 0x40,
  snapshot: 0x80,
} as const;
const AUTO_LEAVE = 0x01;

const INDEX_BYTES = 8;
const HEADER_BYTES = 3 + 3 * INDEX_BYTES;
const ENTRY_BYTES = 2 * INDEX_BYTES + 1 + 4;
const SNAPSHOT_BYTES = 2 * INDEX_BYTES + 1 + 4;

const NO_ENTRIES: readonly WireEntry[] = [];
const NO_RESPONSES: readonly WireMessage[] = [];

/**
 * `0x01 ‖ type u8 ‖ flags u8 ‖ to ‖ from ‖ term ‖ [log term] ‖ [index] ‖ [commit] ‖ [vote] ‖ [reject hint] ‖
 * [entries] ‖ [snapshot] ‖ context to the end`, every number an index. Data is copied once, into the result.
 */
export function encodeRaftMessage(message: WireMessage): Uint8Array {
  const type = TYPES.indexOf(message.type as (typeof TYPES)[number]);
  invariant('FMT-1', type > 0 && message.responses.length === 0, 'a message between members');
  const flags = flagsOf(message);
  const output = new Output(sizeOf(message, flags));
  output.u8(VERSION).u8(type).u8(flags);
  output.index(message.to).index(message.from).index(message.term);
  if (flags & FLAG.logTerm) output.index(message.logTerm);
  if (flags & FLAG.index) output.index(message.index);
  if (flags & FLAG.commit) output.index(message.commit);
  if (flags & FLAG.vote) output.index(message.vote);
  if (flags & FLAG.rejectHint) output.index(message.rejectHint);
  if (flags & FLAG.entries) writeEntries(output, message.entries);
  if (message.snapshot) writeSnapshot(output, message.snapshot);
  return output.bytes(message.context).done();
}

/**
 * The message of these bytes, which may come from anyone: `MESSAGE_MALFORMED` unless they are exactly one.
 * Data is copied, so that an entry that is kept does not hold on to the frame it came in.
 */
export function decodeRaftMessage(bytes: Uint8Array): WireMessage {
  return decodeAll('MESSAGE_MALFORMED', bytes, readMessage);
}

function readMessage(reader: ByteReader): WireMessage {
  expectByte(reader, VERSION, 'version');
  const type = TYPES[reader.u8('type')];
  if (type === undefined) throw new DecodeFault('type', 'is no message between members');
  const flags = readFlags(reader, 0xff, 'flags');
  const given = (flag: number, field: string) => (flags & flag ? readGiven(reader, field) : 0);
  const to = reader.index('to');
  const from = reader.index('from');
  const term = reader.index('term');
  const logTerm = given(FLAG.logTerm, 'logTerm');
  const index = given(FLAG.index, 'index');
  const commit = given(FLAG.commit, 'commit');
  const vote = given(FLAG.vote, 'vote');
  const rejectHint = given(FLAG.rejectHint, 'rejectHint');
  const entries = flags & FLAG.entries ? readEntries(reader) : NO_ENTRIES;
  const snapshot = flags & FLAG.snapshot ? readSnapshot(reader) : undefined;
  const reject = (flags & FLAG.reject) !== 0;
  const context = reader.remaining > 0 ? reader.rest() : EMPTY_BYTES;
  const responses = NO_RESPONSES;
  // In the order in which the core makes its own, so that both have one shape.
  return {
    type,
    to,
    from,
    term,
    logTerm,
    index,
    entries,
    commit,
    vote,
    snapshot,
    reject,
    rejectHint,
    context,
    responses,
  };
}

/** A number whose presence a flag announced: zero would be a second encoding of the same message. */
function readGiven(reader: ByteReader, field: string): number {
  const value = reader.index(field);
  if (value === 0) throw new DecodeFault(field, 'is announced and zero');
  return value;
}

function flagsOf(message: WireMessage): number {
  let flags = 0;
  if (message.logTerm !== 0) flags |= FLAG.logTerm;
  if (message.index !== 0) flags |= FLAG.index;
  if (message.commit !== 0) flags |= FLAG.commit;
  if (message.vote !== 0) flags |= FLAG.vote;
  if (message.reject) flags |= FLAG.reject;
  if (message.rejectHint !== 0) flags |= FLAG.rejectHint;
  if (message.entries.length > 0) flags |= FLAG.entries;
  if (message.snapshot !== undefined) flags |= FLAG.snapshot;
  return flags;
}

const NUMBERS = [FLAG.logTerm, FLAG.index, FLAG.commit, FLAG.vote, FLAG.rejectHint];

function sizeOf({ entries, snapshot, context }: WireMessage, flags: number): number {
  let size = HEADER_BYTES + context.length;
  for (const flag of NUMBERS) if (flags & flag) size += INDEX_BYTES;
  if (flags & FLAG.entries) {
    size += 4;
    for (const { data } of entries) size += ENTRY_BYTES + data.length;
  }
  if (snapshot) {
    size += SNAPSHOT_BYTES + snapshot.data.length;
    for (const ids of idLists(snapshot.confState)) size += 2 + ids.length * INDEX_BYTES;
  }
  return size;
}

function idLists(state: WireConfState): readonly (readonly number[])[] {
  return [state.voters, state.votersOutgoing, state.learners, state.learnersNext];
}

/** `count u32 ‖ count × (term ‖ index ‖ type u8 ‖ block(data))` */
function writeEntries(output: Output, entries: readonly WireEntry[]): void {
  output.u32(entries.length);
  for (const { term, index, type, data } of entries) {
    output.index(term).index(index).u8(ENTRY_TYPES.indexOf(type)).u32(data.length).bytes(data);
  }
}

function readEntries(reader: ByteReader): readonly WireEntry[] {
  const count = readAnnouncedCount(reader, ENTRY_BYTES, 'entries');
  const entries: WireEntry[] = [];
  for (let at = 0; at < count; at++) {
    const term = reader.index('entry.term');
    const index = reader.index('entry.index');
    const type = ENTRY_TYPES[reader.u8('entry.type')];
    if (type === undefined) throw new DecodeFault('entry.type', 'is unknown');
    entries.push({ term, index, type, data: readBlock(reader, 'entry.data') });
  }
  return entries;
}

/** `index ‖ term ‖ flags u8 (bit 0 auto leave) ‖ 4 × (count u16 ‖ count × id) ‖ block(data)` */
function writeSnapshot(output: Output, { index, term, confState, data }: WireSnapshot): void {
  output
    .index(index)
    .index(term)
    .u8(confState.autoLeave ? AUTO_LEAVE : 0);
  for (const ids of idLists(confState)) {
    output.u16(ids.length);
    for (const id of ids) output.index(id);
  }
  output.u32(data.length).bytes(data);
}

function readSnapshot(reader: ByteReader): WireSnapshot {
  const index = reader.index('snapshot.index');
  const term = reader.index('snapshot.term');
  const autoLeave = readFlags(reader, AUTO_LEAVE, 'snapshot.flags') !== 0;
  const voters = readIds(reader, 'voters');
  const votersOutgoing = readIds(reader, 'votersOutgoing');
  const learners = readIds(reader, 'learners');
  const learnersNext = readIds(reader, 'learnersNext');
  const confState = { voters, votersOutgoing, learners, learnersNext, autoLeave };
  return { index, term, confState, data: readBlock(reader, 'snapshot.data') };
}

function readIds(reader: ByteReader, field: string): readonly number[] {
  const count = reader.u16(field);
  if (count * INDEX_BYTES > reader.remaining) throw new DecodeFault(field, `announces ${count} ids`);
  const ids: number[] = [];
  for (let at = 0; at < count; at++) ids.push(reader.index(field));
  return ids;
}

/** Memory of exactly the size of the message: what grows, or copies at its end, would copy entries twice. */
class Output {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  u8(value: number): this {
    this.#bytes[this.#at++] = fits(value, 8, 'byte');
    return this;
  }

  u16(value: number): this {
    fits(value, 16, 'count');
    this.#bytes[this.#at++] = value >>> 8;
    this.#bytes[this.#at++] = value;
    return this;
  }

  u32(value: number): this {
    this.#word(fits(value, 32, 'length'));
    return this;
  }

  index(value: number): this {
    fitsIndex(value, 'number of a message');
    this.#word(Math.floor(value / 0x1_0000_0000));
    this.#word(value >>> 0);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** A view of the memory for every message would cost more than the message. */
  #word(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#at += 4;
  }

  done(): Uint8Array {
    invariant('FMT-1', this.#at === this.#bytes.length, 'a message fills its memory');
    return this.#bytes;
  }
}
