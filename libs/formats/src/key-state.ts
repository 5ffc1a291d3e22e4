import { type ByteReader, ByteWriter, concatBytes, DecodeFault, invariant } from '@caisson/base';
import { decodeAll, fits, fits64, fitsBytes, fitsIndex, readCount, readFlags } from './decoding.js';
import { readWrappedKey, WRAPPED_KEY_BYTES_MIN, type WrappedKey, writeWrappedKey } from './wrapped-key.js';

/** A key as every replica knows it. */
export interface KeyRecord extends WrappedKey {
  readonly state: KeyRecordState;
}

/**
 * active: new data is sealed under it. retiring: readable only. suspended: on its way out, can come back.
 * retired: gone for the group; kept wrapped until a replica with references has re-sealed them.
 */
export type KeyRecordState = 'active' | 'retiring' | 'suspended' | 'retired';

/**
 * The replicated truth about a group's keys: what apply decides from. In every snapshot, never node-local.
 *
 * 0 stands for "none yet" in every id, index and timestamp.
 */
export interface KeyState {
  /** Index of the last key entry applied. */
  readonly stateIndex: number;
  readonly activeStorage: number;
  readonly activeRaft: number;
  readonly storageEnvelopeActive: boolean;
  readonly storageCutoverIndex: number;
  /** No clear value newer than this is genuine. */
  readonly storageCutoverTs: bigint;
  readonly raftEnvelopeActive: boolean;
  readonly raftCutoverIndex: number;
  /** Index of the entry that turned sealed mode on. */
  readonly sealedModeIndex: number;
  /** In sealed mode, no clear tombstone newer than this is genuine either. */
  readonly sealedModeTs: bigint;
  /** Ascending ids. */
  readonly keys: readonly KeyRecord[];
  /** Ids that were retired, ascending: never used again. */
  readonly retiredIds: readonly number[];
  /** The storage DEK from which the MAC key is derived. */
  readonly macKeyId: number;
  readonly mac: Uint8Array;
}

export const KEY_STATE_MAC_BYTES = 32;

/** A group without keys. Not a row: nothing is stored before bootstrap. */
export const EMPTY_KEY_STATE: KeyState = Object.freeze({
  stateIndex: 0,
  activeStorage: 0,
  activeRaft: 0,
  storageEnvelopeActive: false,
  storageCutoverIndex: 0,
  storageCutoverTs: 0n,
  raftEnvelopeActive: false,
  raftCutoverIndex: 0,
  sealedModeIndex: 0,
  sealedModeTs: 0n,
  keys: [],
  retiredIds: [],
  macKeyId: 0,
  mac: new Uint8Array(KEY_STATE_MAC_BYTES),
});

/** Without, and with, sealed mode: its timestamp is a field of the second alone. */
const VERSION = 0x01;
const VERSION_SEALED = 0x02;
const FLAG_STORAGE = 0x01;
const FLAG_RAFT = 0x02;
const STATES: readonly KeyRecordState[] = ['active', 'retiring', 'suspended', 'retired'];

/** The row: `keyStateMacInput ‖ mac 32`. */
export function encodeKeyState(state: KeyState): Uint8Array {
  return concatBytes(keyStateMacInput(state), fitsBytes(state.mac, KEY_STATE_MAC_BYTES, 'mac'));
}

/**
 * Everything the MAC covers: the row without the MAC itself. One state has one encoding, so replicas that
 * agree on the state agree on these bytes.
 */
export function keyStateMacInput(state: Omit<KeyState, 'mac'>): Uint8Array {
  invariant('FMT-1', ascends(state.keys.map((key) => key.keyId)), 'key ids ascend');
  invariant('FMT-1', ascends(state.retiredIds), 'retired ids ascend');
  const isSealed = state.sealedModeIndex !== 0;
  invariant('FMT-1', isSealed || state.sealedModeTs === 0n, 'a sealing timestamp without sealed mode');
  const flags = (state.storageEnvelopeActive ? FLAG_STORAGE : 0) | (state.raftEnvelopeActive ? FLAG_RAFT : 0);
  const writer = new ByteWriter(512)
    .u8(isSealed ? VERSION_SEALED : VERSION)
    .u8(flags)
    .index(fitsIndex(state.stateIndex, 'stateIndex'))
    .u32(fits(state.activeStorage, 32, 'activeStorage'))
    .u32(fits(state.activeRaft, 32, 'activeRaft'))
    .index(fitsIndex(state.storageCutoverIndex, 'storageCutoverIndex'))
    .u64(fits64(state.storageCutoverTs, 'storageCutoverTs'))
    .index(fitsIndex(state.raftCutoverIndex, 'raftCutoverIndex'))
    .index(fitsIndex(state.sealedModeIndex, 'sealedModeIndex'));
  if (isSealed) writer.u64(fits64(state.sealedModeTs, 'sealedModeTs'));
  writer.u32(state.keys.length);
  for (const key of state.keys) {
    writer.u8(STATES.indexOf(key.state) + 1);
    writeWrappedKey(writer, key);
  }
  writer.u32(state.retiredIds.length);
  for (const id of state.retiredIds) writer.u32(fits(id, 32, 'retiredId'));
  return writer.u32(fits(state.macKeyId, 32, 'macKeyId')).done();
}

/** Checks the layout; whether the MAC is right is the caller's to verify before believing anything. */
export function decodeKeyState(row: Uint8Array): KeyState {
  return decodeAll('CORRUPTION', row, (reader) => {
    const version = reader.u8('version');
    if (version !== VERSION && version !== VERSION_SEALED) throw new DecodeFault('version', `is ${version}`);
    const flags = readFlags(reader, FLAG_STORAGE | FLAG_RAFT, 'flags');
    return {
      stateIndex: reader.index('stateIndex'),
      activeStorage: reader.u32('activeStorage'),
      activeRaft: reader.u32('activeRaft'),
      storageEnvelopeActive: (flags & FLAG_STORAGE) !== 0,
      storageCutoverIndex: reader.index('storageCutoverIndex'),
      storageCutoverTs: reader.u64('storageCutoverTs'),
      raftEnvelopeActive: (flags & FLAG_RAFT) !== 0,
      raftCutoverIndex: reader.index('raftCutoverIndex'),
      ...readSealedMode(reader, version === VERSION_SEALED),
      keys: readKeys(reader),
      retiredIds: readRetiredIds(reader),
      macKeyId: reader.u32('macKeyId'),
      mac: reader.bytes(KEY_STATE_MAC_BYTES, 'mac'),
    };
  });
}

function readSealedMode(reader: ByteReader, isSealed: boolean) {
  const sealedModeIndex = reader.index('sealedModeIndex');
  if ((sealedModeIndex !== 0) !== isSealed) throw new DecodeFault('sealedModeIndex', 'and version disagree');
  return { sealedModeIndex, sealedModeTs: isSealed ? reader.u64('sealedModeTs') : 0n };
}

function readKeys(reader: ByteReader): readonly KeyRecord[] {
  const count = readCount(reader, 1 + WRAPPED_KEY_BYTES_MIN, 'keys');
  const keys: KeyRecord[] = [];
  for (let at = 0; at < count; at++) {
    const code = reader.u8('state');
    const state = STATES[code - 1];
    if (state === undefined) throw new DecodeFault('state', `is ${code}`);
    keys.push({ ...readWrappedKey(reader), state });
  }
  if (!ascends(keys.map((key) => key.keyId))) throw new DecodeFault('keys', 'do not ascend');
  return keys;
}

function readRetiredIds(reader: ByteReader): readonly number[] {
  const count = readCount(reader, 4, 'retiredIds');
  const ids: number[] = [];
  for (let at = 0; at < count; at++) ids.push(reader.u32('retiredId'));
  if (!ascends(ids)) throw new DecodeFault('retiredIds', 'do not ascend');
  return ids;
}

function ascends(ids: readonly number[]): boolean {
  return ids.every((id, at) => at === 0 || ids[at - 1]! < id);
}
