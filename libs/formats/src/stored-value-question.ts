import { ByteWriter } from '@caisson/base';
import { decodeAll, expectByte, fitsIndex, readFlags } from './decoding.js';
import { LIMITS } from './limits.js';
import { QUESTION, question, QUESTION_VERSION, readQuestion } from './question.js';

/** A value that the asker has and cannot open. */
export interface StoredValueQuestion {
  readonly group: number;
  /** What the asker has applied: who has not come as far may not have the value yet. */
  readonly applied: number;
  readonly storeKey: Uint8Array;
}

const THERE = 0x01;
/** A user key may double where it is escaped; table, terminator and timestamp come on top. */
const STORE_KEY_MAX = 2 * LIMITS.keyBytesMax + 11;

/** `0x07 ‖ 0x01 ‖ group u64 ‖ applied u64 ‖ store_key block`. */
export function encodeStoredValueQuestion({ group, applied, storeKey }: StoredValueQuestion): Uint8Array {
  const writer = question(QUESTION.storedValue, group);
  return writer.index(fitsIndex(applied, 'applied')).block(storeKey).done();
}

export function decodeStoredValueQuestion(bytes: Uint8Array): StoredValueQuestion {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.storedValue),
    applied: reader.index('applied'),
    storeKey: reader.block(STORE_KEY_MAX, 'storeKey'),
  }));
}

/** `0x01 ‖ flags u8 ‖ [stored value]`, bit 0: there is one. As it is stored, which is sealed. */
export function encodeStoredValueAnswer(stored: Uint8Array | undefined): Uint8Array {
  const writer = new ByteWriter(2 + (stored?.length ?? 0)).u8(QUESTION_VERSION);
  return (stored === undefined ? writer.u8(0) : writer.u8(THERE).bytes(stored)).done();
}

export function decodeStoredValueAnswer(bytes: Uint8Array): Uint8Array | undefined {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    expectByte(reader, QUESTION_VERSION, 'version');
    return readFlags(reader, THERE, 'flags') === 0 ? undefined : reader.rest();
  });
}
