import {
  type ByteReader,
  ByteWriter,
  concatBytes,
  crc32c,
  DecodeFault,
  invariant,
  toUtf8,
} from '@caisson/base';
import { decodeAll, expectByte, fits, fits64, fitsBytes, readFlags } from './decoding.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { readShortText, writeShortText } from './short-text.js';
import { WRAPPED_DEK_LIMITS } from './wrapped-dek.js';

/** Longest challenge and longest answer. */
export const CAPABILITY_BYTES_MAX = 64 * 1024;
export const CHALLENGE_NONCE_BYTES = 16;
export const CAPABILITY_PROOF_BYTES = 32;

/**
 * A secret wrapped for this purpose alone, and what the asker tells the candidate. `mac` is made with the
 * secret, so that only a holder of the KEK can raise the candidate's epochs.
 */
export interface CapabilityChallenge {
  readonly nonce: Uint8Array;
  /** Lowest epochs that are the candidate's to use under keys that it meets for the first time; ascending. */
  readonly floors: readonly KeyEpoch[];
  /** Wrapped-DEK container of the secret; empty where the asker has no KEK. */
  readonly container: Uint8Array;
  readonly mac: Uint8Array;
}

/** An epoch of one node under one key. */
export interface KeyEpoch {
  readonly keyId: number;
  readonly epoch: number;
}

export interface CapabilityAnswer {
  readonly fullNodeId: bigint;
  /** Encryption is on and a KEK is configured. */
  readonly capable: boolean;
  readonly sidecarPresent: boolean;
  /** The last ones it has written down, ascending key ids. */
  readonly epochs: readonly KeyEpoch[];
  /** Which program answers, for people. */
  readonly build: string;
  /** Absent where the secret does not open. */
  readonly proof?: Uint8Array;
}

const VERSION = 0x01;
const CAPABLE = 0x01;
const SIDECAR = 0x02;
const PROVEN = 0x04;
const KEY_EPOCH_BYTES = 6;
const PROOF_LABEL = toUtf8('caisson/capability/1');
const FLOORS_LABEL = toUtf8('caisson/epoch-floors/1');

/** Who proves what to whom; the same on both ends. */
export interface CapabilityContext {
  readonly nonce: Uint8Array;
  readonly clusterId: ClusterId;
  /** Of the candidate. */
  readonly fullNodeId: bigint;
}

/**
 * `0x01 ‖ nonce 16 ‖ floors ‖ container block ‖ mac 32`, where floors are `count u16 ‖ count × (key_id u32 ‖
 * epoch u16)`.
 */
export function encodeChallenge({ nonce, floors, container, mac }: CapabilityChallenge): Uint8Array {
  invariant('FMT-1', container.length <= WRAPPED_DEK_LIMITS.containerMax, 'challenge container');
  const writer = new ByteWriter(256).u8(VERSION).bytes(fitsBytes(nonce, CHALLENGE_NONCE_BYTES, 'nonce'));
  writeEpochs(writer, floors);
  return writer
    .block(container)
    .bytes(fitsBytes(mac, CAPABILITY_PROOF_BYTES, 'mac'))
    .done();
}

export function decodeChallenge(bytes: Uint8Array): CapabilityChallenge {
  return decodeAll('INVALID_ARGUMENT', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    return {
      nonce: reader.bytes(CHALLENGE_NONCE_BYTES, 'nonce'),
      floors: readEpochs(reader),
      container: reader.block(WRAPPED_DEK_LIMITS.containerMax, 'container'),
      mac: reader.bytes(CAPABILITY_PROOF_BYTES, 'mac'),
    };
  });
}

/**
 * `0x01 ‖ flags u8 ‖ full_node_id u64 ‖ count u16 ‖ count × (key_id u32 ‖ epoch u16) ‖ build ‖ [proof 32]`;
 * flags: bit 0 capable, bit 1 sidecar present, bit 2 proof follows.
 */
export function encodeCapability(answer: CapabilityAnswer): Uint8Array {
  const { proof } = answer;
  const flags =
    (answer.capable ? CAPABLE : 0) |
    (answer.sidecarPresent ? SIDECAR : 0) |
    (proof === undefined ? 0 : PROVEN);
  const writer = new ByteWriter(128).u8(VERSION).u8(flags).u64(fits64(answer.fullNodeId, 'fullNodeId'));
  writeEpochs(writer, answer.epochs);
  writeShortText(writer, answer.build);
  if (proof !== undefined) writer.bytes(fitsBytes(proof, CAPABILITY_PROOF_BYTES, 'proof'));
  return writer.done();
}

export function decodeCapability(bytes: Uint8Array): CapabilityAnswer {
  return decodeAll('INVALID_ARGUMENT', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    const flags = readFlags(reader, CAPABLE | SIDECAR | PROVEN, 'flags');
    const answer = {
      capable: (flags & CAPABLE) !== 0,
      sidecarPresent: (flags & SIDECAR) !== 0,
      fullNodeId: reader.u64('fullNodeId'),
      epochs: readEpochs(reader),
      build: readShortText(reader, 'build'),
    };
    if ((flags & PROVEN) === 0) return answer;
    return { ...answer, proof: reader.bytes(CAPABILITY_PROOF_BYTES, 'proof') };
  });
}

/** `"caisson/capability/1" ‖ nonce ‖ cluster_id ‖ full_node_id u64`: what a candidate proves its KEK with. */
export function capabilityProofInput(context: CapabilityContext): Uint8Array {
  return concatBytes(PROOF_LABEL, contextBytes(context));
}

/** `"caisson/epoch-floors/1" ‖ nonce ‖ cluster_id ‖ full_node_id u64 ‖ floors`: what `mac` is about. */
export function epochFloorsInput(context: CapabilityContext, floors: readonly KeyEpoch[]): Uint8Array {
  const writer = new ByteWriter(64);
  writeEpochs(writer, floors);
  return concatBytes(FLOORS_LABEL, contextBytes(context), writer.done());
}

/** The floors as a candidate keeps them: `0x01 ‖ floors ‖ crc32c u32`. */
export function encodeEpochFloors(floors: readonly KeyEpoch[]): Uint8Array {
  const writer = new ByteWriter(64).u8(VERSION);
  writeEpochs(writer, floors);
  return writer.u32(crc32c(writer.done())).done();
}

export function decodeEpochFloors(bytes: Uint8Array): readonly KeyEpoch[] {
  return decodeAll('SIDECAR_CORRUPT', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    const floors = readEpochs(reader);
    const check = reader.u32('check');
    const covered = bytes.subarray(0, bytes.length - reader.remaining - 4);
    if (check !== crc32c(covered)) throw new DecodeFault('check', 'is wrong');
    return floors;
  });
}

function contextBytes({ nonce, clusterId, fullNodeId }: CapabilityContext): Uint8Array {
  return new ByteWriter(40)
    .bytes(fitsBytes(nonce, CHALLENGE_NONCE_BYTES, 'nonce'))
    .bytes(fitsBytes(clusterId, CLUSTER_ID_BYTES, 'clusterId'))
    .u64(fits64(fullNodeId, 'fullNodeId'))
    .done();
}

function writeEpochs(writer: ByteWriter, epochs: readonly KeyEpoch[]): void {
  invariant('FMT-1', ascends(epochs), 'key ids ascend');
  writer.u16(fits(epochs.length, 16, 'epochs'));
  for (const { keyId, epoch } of epochs) writer.u32(fits(keyId, 32, 'keyId')).u16(fits(epoch, 16, 'epoch'));
}

function readEpochs(reader: ByteReader): readonly KeyEpoch[] {
  const count = reader.u16('epochs');
  if (count * KEY_EPOCH_BYTES > reader.remaining) throw new DecodeFault('epochs', `announces ${count} items`);
  const epochs = Array.from({ length: count }, () => ({
    keyId: reader.u32('keyId'),
    epoch: reader.u16('epoch'),
  }));
  if (!ascends(epochs)) throw new DecodeFault('epochs', 'do not ascend');
  return epochs;
}

function ascends(epochs: readonly KeyEpoch[]): boolean {
  return epochs.every(({ keyId }, at) => at === 0 || epochs[at - 1]!.keyId < keyId);
}
