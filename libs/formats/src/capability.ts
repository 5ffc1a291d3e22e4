import { type ByteReader, ByteWriter, concatBytes, DecodeFault, invariant, toUtf8 } from '@caisson/base';
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
  /** No epoch below it is the candidate's to use under a key that it meets for the first time. */
  readonly epochFloor: number;
  /** Wrapped-DEK container of the secret; empty where the asker has no KEK. */
  readonly container: Uint8Array;
  readonly mac: Uint8Array;
}

/** The last epoch a node has written down for a key. */
export interface KeyEpoch {
  readonly keyId: number;
  readonly epoch: number;
}

export interface CapabilityAnswer {
  readonly fullNodeId: bigint;
  /** Encryption is on and a KEK is configured. */
  readonly capable: boolean;
  readonly sidecarPresent: boolean;
  /** Ascending key ids. */
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
const FLOOR_LABEL = toUtf8('caisson/epoch-floor/1');

/** Who proves what to whom; the same on both ends. */
export interface CapabilityContext {
  readonly nonce: Uint8Array;
  readonly clusterId: ClusterId;
  /** Of the candidate. */
  readonly fullNodeId: bigint;
}

/** `0x01 ‖ nonce 16 ‖ epoch_floor u16 ‖ container block ‖ mac 32`. */
export function encodeChallenge({ nonce, epochFloor, container, mac }: CapabilityChallenge): Uint8Array {
  invariant('FMT-1', container.length <= WRAPPED_DEK_LIMITS.containerMax, 'challenge container');
  return new ByteWriter(256)
    .u8(VERSION)
    .bytes(fitsBytes(nonce, CHALLENGE_NONCE_BYTES, 'nonce'))
    .u16(fits(epochFloor, 16, 'epochFloor'))
    .block(container)
    .bytes(fitsBytes(mac, CAPABILITY_PROOF_BYTES, 'mac'))
    .done();
}

export function decodeChallenge(bytes: Uint8Array): CapabilityChallenge {
  return decodeAll('INVALID_ARGUMENT', bytes, (reader) => {
    expectByte(reader, VERSION, 'version');
    return {
      nonce: reader.bytes(CHALLENGE_NONCE_BYTES, 'nonce'),
      epochFloor: reader.u16('epochFloor'),
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
  const { epochs, proof } = answer;
  invariant('FMT-1', ascends(epochs), 'key ids ascend');
  const flags =
    (answer.capable ? CAPABLE : 0) |
    (answer.sidecarPresent ? SIDECAR : 0) |
    (proof === undefined ? 0 : PROVEN);
  const writer = new ByteWriter(128).u8(VERSION).u8(flags).u64(fits64(answer.fullNodeId, 'fullNodeId'));
  writer.u16(fits(epochs.length, 16, 'epochs'));
  for (const { keyId, epoch } of epochs) writer.u32(fits(keyId, 32, 'keyId')).u16(fits(epoch, 16, 'epoch'));
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

/** `"caisson/epoch-floor/1" ‖ nonce ‖ cluster_id ‖ full_node_id u64 ‖ epoch_floor u16`: under the `mac`. */
export function epochFloorInput(context: CapabilityContext, epochFloor: number): Uint8Array {
  const floor = new ByteWriter(2).u16(fits(epochFloor, 16, 'epochFloor')).done();
  return concatBytes(FLOOR_LABEL, contextBytes(context), floor);
}

function contextBytes({ nonce, clusterId, fullNodeId }: CapabilityContext): Uint8Array {
  return new ByteWriter(40)
    .bytes(fitsBytes(nonce, CHALLENGE_NONCE_BYTES, 'nonce'))
    .bytes(fitsBytes(clusterId, CLUSTER_ID_BYTES, 'clusterId'))
    .u64(fits64(fullNodeId, 'fullNodeId'))
    .done();
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
