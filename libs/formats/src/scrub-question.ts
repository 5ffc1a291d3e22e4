import { ByteWriter, DecodeFault } from '@caisson/base';
import type { ScrubOrder, ScrubState } from '@caisson/contracts';
import { decodeAll, expectByte, fits64, fitsIndex } from './decoding.js';
import { QUESTION, question, QUESTION_VERSION, readQuestion } from './question.js';
import { decodeWireError, encodeWireError } from './wire/error.js';

export interface ScrubQuestion extends ScrubOrder {
  readonly group: number;
}

const STAGES: readonly ScrubState['stage'][] = ['waiting', 'log', 'store', 'done', 'failed'];

/** `0x06 ‖ 0x01 ‖ group u64 ‖ id u64 ‖ through u64`. */
export function encodeScrubQuestion({ group, id, through }: ScrubQuestion): Uint8Array {
  const writer = question(QUESTION.scrub, group).u64(fits64(id, 'id'));
  return writer.index(fitsIndex(through, 'through')).done();
}

export function decodeScrubQuestion(bytes: Uint8Array): ScrubQuestion {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.scrub),
    id: reader.u64('id'),
    through: reader.index('through'),
  }));
}

/** `0x01 ‖ stage u8 ‖ error`: the error in stage 5 only, and there always. */
export function encodeScrubAnswer({ stage, error }: ScrubState): Uint8Array {
  const writer = new ByteWriter(64).u8(QUESTION_VERSION).u8(STAGES.indexOf(stage) + 1);
  return (error === undefined ? writer : writer.bytes(encodeWireError(error))).done();
}

export function decodeScrubAnswer(bytes: Uint8Array): ScrubState {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    expectByte(reader, QUESTION_VERSION, 'version');
    const stage = STAGES[reader.u8('stage') - 1];
    if (stage === undefined) throw new DecodeFault('stage', 'is unknown');
    return stage === 'failed' ? { stage, error: decodeWireError(reader.rest()) } : { stage };
  });
}
