import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import type { KeyReferences, StateLease } from '@caisson/contracts';
import { decodeAll, expectByte, fits, fitsIndex, readFlags } from './decoding.js';
import { QUESTION, question, QUESTION_VERSION, readQuestion } from './question.js';

export interface KeyReferencesQuestion {
  readonly group: number;
  readonly keyId: number;
}

const STATES: readonly KeyReferences['state'][] = ['unknown', 'active', 'retiring', 'suspended', 'retired'];
const PURPOSES: readonly KeyReferences['purpose'][] = [undefined, 'storage', 'raft'];
const LEASES: readonly StateLease['kind'][] = ['snapshot', 'backup', 'incoming'];
const HELD = 0x01;
const CURSOR = 0x02;
/** Kind, index, flags. */
const LEASE_BYTES_MIN = 10;
const COUNTED = 0x01;

/** `0x05 ‖ 0x01 ‖ group u64 ‖ key_id u32`. */
export function encodeKeyReferencesQuestion({ group, keyId }: KeyReferencesQuestion): Uint8Array {
  return question(QUESTION.keyReferences, group)
    .u32(fits(keyId, 32, 'keyId'))
    .done();
}

export function decodeKeyReferencesQuestion(bytes: Uint8Array): KeyReferencesQuestion {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.keyReferences),
    keyId: reader.u32('keyId'),
  }));
}

/**
 * `0x01 ‖ state u8 ‖ purpose u8 ‖ flags u8 ‖ state_index ‖ applied ‖ values ‖ intents ‖ unreadable ‖
 * log_start ‖ last_use ‖ count u16 × (kind u8 ‖ index ‖ flags u8 ‖ [values])`, counts and indexes as u64.
 */
export function encodeKeyReferences(found: KeyReferences): Uint8Array {
  const { state, purpose, isHeld, isCursorTarget, leases } = found;
  const writer = new ByteWriter(96).u8(QUESTION_VERSION);
  writer.u8(STATES.indexOf(state)).u8(PURPOSES.indexOf(purpose));
  writer.u8((isHeld ? HELD : 0) | (isCursorTarget ? CURSOR : 0));
  const { stateIndex, applied, values, intents, unreadable, logStart, lastUse } = found;
  for (const index of [stateIndex, applied, values, intents, unreadable, logStart, lastUse]) {
    writer.index(fitsIndex(index, 'index'));
  }
  writer.u16(fits(leases.length, 16, 'leases'));
  for (const lease of leases) writeLease(writer, lease);
  return writer.done();
}

export function decodeKeyReferences(bytes: Uint8Array): KeyReferences {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    expectByte(reader, QUESTION_VERSION, 'version');
    const state = oneOf(reader, STATES, 'state');
    const purpose = oneOf(reader, PURPOSES, 'purpose');
    const flags = readFlags(reader, HELD | CURSOR, 'flags');
    return {
      state,
      purpose,
      isHeld: (flags & HELD) !== 0,
      isCursorTarget: (flags & CURSOR) !== 0,
      stateIndex: reader.index('stateIndex'),
      applied: reader.index('applied'),
      values: reader.index('values'),
      intents: reader.index('intents'),
      unreadable: reader.index('unreadable'),
      logStart: reader.index('logStart'),
      lastUse: reader.index('lastUse'),
      leases: readLeases(reader),
    };
  });
}

function writeLease(writer: ByteWriter, { kind, index, values }: StateLease): void {
  const code = LEASES.indexOf(kind);
  invariant('FMT-1', code >= 0, 'lease');
  writer.u8(code).index(fitsIndex(index, 'index'));
  if (values === undefined) writer.u8(0);
  else writer.u8(COUNTED).index(fitsIndex(values, 'values'));
}

function readLeases(reader: ByteReader): readonly StateLease[] {
  const count = reader.u16('leases');
  if (count * LEASE_BYTES_MIN > reader.remaining) {
    throw new DecodeFault('leases', `announces ${count} items`);
  }
  return Array.from({ length: count }, () => {
    const lease = { kind: oneOf(reader, LEASES, 'kind'), index: reader.index('index') };
    const isCounted = readFlags(reader, COUNTED, 'flags') !== 0;
    return isCounted ? { ...lease, values: reader.index('values') } : lease;
  });
}

function oneOf<Known>(reader: ByteReader, known: readonly Known[], field: string): Known {
  const code = reader.u8(field);
  if (code >= known.length) throw new DecodeFault(field, 'is unknown');
  return known[code]!;
}
