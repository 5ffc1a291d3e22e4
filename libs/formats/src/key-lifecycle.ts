import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import { decodeAll, expectByte, fits, fits64, fitsBytes, fitsIndex } from './decoding.js';
import { readWriterClaim, type WriterClaim, writeWriterClaim } from './encryption-entries.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { OPCODES } from './payload.js';
import { type KeyPurpose, PURPOSE_CODE, WRAPPED_DEK_LIMITS } from './wrapped-dek.js';
import {
  readPurpose,
  readWrappedKey,
  WRAPPED_KEY_BYTES_MIN,
  type WrappedKey,
  writeWrappedKey,
} from './wrapped-key.js';

const SUB_CODE = Object.freeze({
  rotate: 1,
  rewrap: 2,
  retire: 3,
  enableStorageEnvelope: 4,
  enableRaftEnvelope: 5,
  suspend: 6,
  resume: 7,
  sealModeOn: 8,
} as const);

/** What is done to the keys. Wire 1 knows the first three of `LifecycleSubWire1` only. */
export type LifecycleSub = keyof typeof SUB_CODE;
export type LifecycleSubWire1 = 'rotate' | 'enableStorageEnvelope' | 'enableRaftEnvelope';

export interface LifecycleWire1 {
  readonly wire: 1;
  readonly sub: LifecycleSubWire1;
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  /** Empty for the two enabling entries. */
  readonly wrapped: Uint8Array;
  readonly proposer: WriterClaim;
}

export interface LifecycleWire2 {
  readonly wire: 2;
  readonly sub: LifecycleSub;
  readonly clusterId: ClusterId;
  readonly confIndex: number;
  readonly stateIndex: number;
  /** The proposing leader and its epoch. */
  readonly fullNodeId: bigint;
  readonly epoch: number;
  /**
   * rotate: the new key; rewrap: every unretired key, ascending ids; retire, suspend, resume and the enabling
   * entries: one key with an empty container; sealModeOn: none.
   */
  readonly keys: readonly WrappedKey[];
}

export type LifecycleEntry = LifecycleWire1 | LifecycleWire2;

const WIRE_1 = 0x01;
const WIRE_2 = 0x02;
const KEYS_MAX = 0xffff;
const SUBS: ReadonlyMap<number, LifecycleSub> = new Map(
  Object.entries(SUB_CODE).map(([sub, code]) => [code, sub as LifecycleSub]),
);

/**
 * Wire 1: `0x05 ‖ 0x01 ‖ sub u8 ‖ dek_id u32 ‖ purpose u8 ‖ len u32 ‖ wrapped ‖ dek_id u32 ‖ full_node_id u64
 * ‖ epoch u16`. Wire 2: `0x05 ‖ 0x02 ‖ sub u8 ‖ cluster_id 16 ‖ conf_index u64 ‖ state_index u64 ‖
 * full_node_id u64 ‖ epoch u16 ‖ count u16 ‖ count × key`.
 */
export function encodeLifecycle(entry: LifecycleEntry): Uint8Array {
  const problem = entry.wire === WIRE_1 ? problemOfWire1(entry) : problemOfWire2(entry);
  invariant('FMT-1', problem === undefined, problem);
  const writer = new ByteWriter(256).u8(OPCODES.keyLifecycle).u8(entry.wire).u8(SUB_CODE[entry.sub]);
  if (entry.wire === WIRE_1) {
    writer
      .u32(fits(entry.keyId, 32, 'keyId'))
      .u8(PURPOSE_CODE[entry.purpose])
      .block(entry.wrapped);
    writeWriterClaim(writer, entry.proposer);
    return writer.done();
  }
  writer.bytes(fitsBytes(entry.clusterId, CLUSTER_ID_BYTES, 'clusterId'));
  writer.index(fitsIndex(entry.confIndex, 'confIndex')).index(fitsIndex(entry.stateIndex, 'stateIndex'));
  writer.u64(fits64(entry.fullNodeId, 'fullNodeId')).u16(fits(entry.epoch, 16, 'epoch'));
  writer.u16(fits(entry.keys.length, 16, 'keys'));
  for (const key of entry.keys) writeWrappedKey(writer, key);
  return writer.done();
}

export function decodeLifecycle(payload: Uint8Array): LifecycleEntry {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.keyLifecycle, 'opcode');
    const wire = reader.u8('wire');
    if (wire !== WIRE_1 && wire !== WIRE_2) throw new DecodeFault('wire', `is ${wire}`);
    const code = reader.u8('sub');
    const sub = SUBS.get(code);
    if (sub === undefined) throw new DecodeFault('sub', `is ${code}`);
    return wire === WIRE_1 ? readWire1(reader, sub) : readWire2(reader, sub);
  });
}

function readWire1(reader: ByteReader, sub: LifecycleSub): LifecycleWire1 {
  if (!isWire1(sub)) throw new DecodeFault('sub', `${sub} does not exist in wire 1`);
  const entry: LifecycleWire1 = {
    wire: WIRE_1,
    sub,
    keyId: reader.u32('keyId'),
    purpose: readPurpose(reader),
    wrapped: reader.block(WRAPPED_DEK_LIMITS.containerMax, 'wrapped'),
    proposer: readWriterClaim(reader),
  };
  const problem = problemOfWire1(entry);
  if (problem !== undefined) throw new DecodeFault('wrapped', problem);
  return entry;
}

function readWire2(reader: ByteReader, sub: LifecycleSub): LifecycleWire2 {
  const clusterId = reader.bytes(CLUSTER_ID_BYTES, 'clusterId');
  const confIndex = reader.index('confIndex');
  const stateIndex = reader.index('stateIndex');
  const fullNodeId = reader.u64('fullNodeId');
  const epoch = reader.u16('epoch');
  const count = reader.u16('count');
  if (count * WRAPPED_KEY_BYTES_MIN > reader.remaining)
    throw new DecodeFault('count', 'exceeds what is left');
  const keys: WrappedKey[] = [];
  for (let at = 0; at < count; at++) keys.push(readWrappedKey(reader));
  const entry: LifecycleWire2 = {
    wire: WIRE_2,
    sub,
    clusterId,
    confIndex,
    stateIndex,
    fullNodeId,
    epoch,
    keys,
  };
  const problem = problemOfWire2(entry);
  if (problem !== undefined) throw new DecodeFault('keys', problem);
  return entry;
}

function isWire1(sub: LifecycleSub): sub is LifecycleSubWire1 {
  return sub === 'rotate' || sub === 'enableStorageEnvelope' || sub === 'enableRaftEnvelope';
}

function problemOfWire1({ sub, wrapped }: LifecycleWire1): string | undefined {
  if (sub === 'rotate') return wrapped.length === 0 ? 'rotate carries no wrapped key' : undefined;
  return wrapped.length > 0 ? 'an enabling entry carries a wrapped key' : undefined;
}

/** Why these keys do not go with the sub; `undefined` when they do. */
function problemOfWire2({ sub, keys }: LifecycleWire2): string | undefined {
  const filled = keys.filter((key) => key.container.length > 0).length;
  if (sub === 'sealModeOn') return keys.length === 0 ? undefined : 'a key is named where none belongs';
  if (sub === 'rewrap') return problemOfFullSet(keys, filled);
  if (keys.length !== 1) return `${keys.length} keys where one belongs`;
  if (sub === 'rotate') return filled === 1 ? undefined : 'the container is empty';
  return filled === 0 ? undefined : 'a container where none belongs';
}

function problemOfFullSet(keys: readonly WrappedKey[], filled: number): string | undefined {
  if (keys.length === 0 || keys.length > KEYS_MAX) return `${keys.length} keys in a full set`;
  if (filled !== keys.length) return 'a container is empty';
  const ascending = keys.every((key, at) => at === 0 || keys[at - 1]!.keyId < key.keyId);
  return ascending ? undefined : 'the ids do not ascend';
}
