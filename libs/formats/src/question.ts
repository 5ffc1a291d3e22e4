import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import type { ApplyOutcome, Birth } from '@caisson/contracts';
import { decodeAll, expectByte, fits, fits64, fitsBytes, fitsIndex, readFlags } from './decoding.js';
import { CAPABILITY_BYTES_MAX } from './capability.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { readNodeName, writeShortText } from './short-text.js';
import { decodeWireError, encodeWireError } from './wire/error.js';

/** First byte of a question between nodes. Every kind has one answer, which says its version and no kind. */
export const QUESTION = Object.freeze({
  /** Who are you, and can you keep this cluster's secrets? */
  identity: 0x01,
  /** Which epoch of this node did you see registered last? */
  registeredEpoch: 0x02,
  /** Propose this for me: you lead. */
  proposal: 0x03,
  /** I am a member, by an entry that you may not have seen. */
  introduction: 0x04,
  /** What have you got under this data key? */
  keyReferences: 0x05,
  /** Free your files from what they held once, or say how far you are. */
  scrub: 0x06,
  /** Give me this value as you store it: mine does not open. */
  storedValue: 0x07,
});

export const QUESTION_VERSION = 0x01;
const VERSION = QUESTION_VERSION;
const KNOWN = 0x01;
const APPLIED = 0x01;
const REFUSED = 0x02;
const BIRTHS: readonly Birth[] = ['encrypted', 'clear'];

/** The kind of a question, also one that nobody knows. */
export function questionKind(question: Uint8Array): number | undefined {
  return question[0];
}

export interface IdentityQuestion {
  readonly group: number;
  /** From the encryption layer (`CapabilityChallenge`). */
  readonly challenge: Uint8Array;
}

export interface IdentityAnswer {
  readonly name: string;
  readonly fullNodeId: bigint;
  readonly clusterId: ClusterId;
  readonly birth: Birth;
  /** Format version of its data directory. */
  readonly format: number;
  /** Groups it keeps, ascending. */
  readonly groups: readonly number[];
  /** To the challenge (`CapabilityAnswer`). */
  readonly capability: Uint8Array;
}

/** `0x01 ‖ 0x01 ‖ group u64 ‖ challenge block`. */
export function encodeIdentityQuestion({ group, challenge }: IdentityQuestion): Uint8Array {
  invariant('FMT-1', challenge.length <= CAPABILITY_BYTES_MAX, 'challenge');
  return question(QUESTION.identity, group).block(challenge).done();
}

export function decodeIdentityQuestion(bytes: Uint8Array): IdentityQuestion {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.identity),
    challenge: reader.block(CAPABILITY_BYTES_MAX, 'challenge'),
  }));
}

/**
 * `0x01 ‖ name ‖ full_node_id u64 ‖ cluster_id 16 ‖ birth u8 ‖ format u32 ‖ count u16 ‖ count × group u64 ‖
 * capability block`.
 */
export function encodeIdentityAnswer(answer: IdentityAnswer): Uint8Array {
  const { groups, capability } = answer;
  invariant('FMT-1', answer.name !== '' && capability.length <= CAPABILITY_BYTES_MAX, 'identity');
  invariant('FMT-1', ascends(groups), 'group ids ascend');
  const writer = new ByteWriter(256).u8(VERSION);
  writeShortText(writer, answer.name);
  writer.u64(fits64(answer.fullNodeId, 'fullNodeId'));
  writer.bytes(fitsBytes(answer.clusterId, CLUSTER_ID_BYTES, 'clusterId'));
  writer.u8(BIRTHS.indexOf(answer.birth)).u32(fits(answer.format, 32, 'format'));
  writer.u16(fits(groups.length, 16, 'groups'));
  for (const group of groups) writer.index(fitsIndex(group, 'group'));
  return writer.block(capability).done();
}

export function decodeIdentityAnswer(bytes: Uint8Array): IdentityAnswer {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    return {
      name: readNodeName(reader, 'name'),
      fullNodeId: reader.u64('fullNodeId'),
      clusterId: reader.bytes(CLUSTER_ID_BYTES, 'clusterId'),
      birth: readBirth(reader),
      format: reader.u32('format'),
      groups: readGroups(reader),
      capability: reader.block(CAPABILITY_BYTES_MAX, 'capability'),
    };
  });
}

export interface EpochQuestion {
  readonly group: number;
  readonly fullNodeId: bigint;
}

/** `0x02 ‖ 0x01 ‖ group u64 ‖ full_node_id u64`. */
export function encodeEpochQuestion({ group, fullNodeId }: EpochQuestion): Uint8Array {
  return question(QUESTION.registeredEpoch, group).u64(fits64(fullNodeId, 'fullNodeId')).done();
}

export function decodeEpochQuestion(bytes: Uint8Array): EpochQuestion {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.registeredEpoch),
    fullNodeId: reader.u64('fullNodeId'),
  }));
}

/** `0x01 ‖ flags u8 ‖ [epoch u16]`, bit 0: there is one. */
export function encodeEpochAnswer(epoch: number | undefined): Uint8Array {
  const writer = new ByteWriter(4).u8(VERSION).u8(epoch === undefined ? 0 : KNOWN);
  return (epoch === undefined ? writer : writer.u16(fits(epoch, 16, 'epoch'))).done();
}

export function decodeEpochAnswer(bytes: Uint8Array): number | undefined {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    return readFlags(reader, KNOWN, 'flags') === 0 ? undefined : reader.u16('epoch');
  });
}

/** A proposal of the system that is passed on to the leader. */
export interface ProposalQuestion {
  readonly group: number;
  readonly payload: Uint8Array;
}

export interface ProposalAnswer {
  readonly position: number;
  readonly outcome: ApplyOutcome;
}

/** `0x03 ‖ 0x01 ‖ group u64 ‖ payload`. */
export function encodeProposalQuestion({ group, payload }: ProposalQuestion): Uint8Array {
  return question(QUESTION.proposal, group).bytes(payload).done();
}

export function decodeProposalQuestion(bytes: Uint8Array): ProposalQuestion {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.proposal),
    payload: reader.rest(),
  }));
}

/** `0x01 ‖ position u64 ‖ kind u8 ‖ rest`: 1 and the applier's result, or 2 and the error. */
export function encodeProposalAnswer({ position, outcome }: ProposalAnswer): Uint8Array {
  const writer = new ByteWriter(64).u8(VERSION).index(fitsIndex(position, 'position'));
  return outcome.kind === 'applied'
    ? writer.u8(APPLIED).bytes(outcome.result).done()
    : writer.u8(REFUSED).bytes(encodeWireError(outcome.error)).done();
}

export function decodeProposalAnswer(bytes: Uint8Array): ProposalAnswer {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    const position = reader.index('position');
    const kind = reader.u8('kind');
    if (kind === APPLIED) return { position, outcome: { kind: 'applied', result: reader.rest() } };
    if (kind !== REFUSED) throw new DecodeFault('kind', `is ${kind}`);
    return { position, outcome: { kind: 'refused', error: decodeWireError(reader.rest()) } };
  });
}

/** What a member says of itself to one that refuses it. */
export interface Introduction {
  readonly group: number;
  /** Of the last change of members that the asker has applied. */
  readonly index: number;
  readonly name: string;
  readonly address: string;
}

/** `0x04 ‖ 0x01 ‖ group u64 ‖ index u64 ‖ name ‖ address`; the answer is its version alone. */
export function encodeIntroduction({ group, index, name, address }: Introduction): Uint8Array {
  const writer = question(QUESTION.introduction, group).index(fitsIndex(index, 'index'));
  invariant('FMT-1', name !== '' && address !== '', 'introduction');
  writeShortText(writer, name);
  writeShortText(writer, address);
  return writer.done();
}

export function decodeIntroduction(bytes: Uint8Array): Introduction {
  return decodeAll('MESSAGE_MALFORMED', bytes, (reader) => ({
    group: readQuestion(reader, QUESTION.introduction),
    index: reader.index('index'),
    name: readNodeName(reader, 'name'),
    address: readNodeName(reader, 'address'),
  }));
}

export function encodeIntroductionAnswer(): Uint8Array {
  return Uint8Array.of(VERSION);
}

/** Kind, version and group, with which every question begins. */
export function question(kind: number, group: number): ByteWriter {
  return new ByteWriter(64).u8(kind).u8(VERSION).index(fitsIndex(group, 'group'));
}

export function readQuestion(reader: ByteReader, kind: number): number {
  expectByte(reader, kind, 'kind');
  expectByte(reader, VERSION, 'version');
  return reader.index('group');
}

function readBirth(reader: ByteReader): Birth {
  const birth = BIRTHS[reader.u8('birth')];
  if (birth === undefined) throw new DecodeFault('birth', 'is unknown');
  return birth;
}

function readGroups(reader: ByteReader): readonly number[] {
  const count = reader.u16('groups');
  if (count * 8 > reader.remaining) throw new DecodeFault('groups', `announces ${count} items`);
  const groups = Array.from({ length: count }, () => reader.index('group'));
  if (!ascends(groups)) throw new DecodeFault('groups', 'do not ascend');
  return groups;
}

function ascends(ids: readonly number[]): boolean {
  return ids.every((id, at) => at === 0 || ids[at - 1]! < id);
}
