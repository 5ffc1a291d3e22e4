import { DecodeFault, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { fits, fits64, fitsBytes, fitsIndex, refusal } from './decoding.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { type JsonValue, parseJson, printJson } from './json.js';
import { JsonFields } from './json-fields.js';
import type { KeyRecordState } from './key-state.js';
import { CHECK_BYTES, type KeyPurpose, ORIGIN_ID_BYTES, WRAPPED_DEK_LIMITS } from './wrapped-dek.js';
import { toBase64 } from './base64.js';

/** What a node must know before its store is readable, plus its own epochs. 0 stands for "none yet". */
export interface Sidecar {
  readonly clusterId: ClusterId;
  readonly groups: ReadonlyMap<number, SidecarGroup>;
  /** By key id. */
  readonly keys: ReadonlyMap<number, SidecarKey>;
  /** The storage DEK from which the MAC key is derived. */
  readonly macKeyId: number;
  readonly mac: Uint8Array;
}

export interface SidecarGroup {
  readonly raftAppliedIndex: number;
  readonly activeStorage: number;
  readonly activeRaft: number;
  readonly storageEnvelopeActive: boolean;
  readonly storageEnvelopeCutoverIndex: number;
  readonly storageCutoverTs: bigint;
  readonly raftEnvelopeCutoverIndex: number;
}

export interface SidecarKey {
  readonly purpose: KeyPurpose;
  readonly originId: Uint8Array;
  readonly check: Uint8Array;
  /** Wrapped-DEK container. */
  readonly wrapped: Uint8Array;
  /** Unix milliseconds at which this node first recorded the key. */
  readonly created: number;
  /** This node's epoch under the key; never falls, never leaves the node. */
  readonly localEpoch: number;
  readonly state: KeyRecordState;
}

export const SIDECAR_VERSION = 1;
export const SIDECAR_MAC_BYTES = 32;

/** A longer file is none of ours; read no further. */
export const SIDECAR_BYTES_MAX = 64 * 1024 * 1024;

/** The file: JSON with two spaces of indent, members sorted by bytes, and a final line feed. */
export function printSidecar(sidecar: Sidecar): Uint8Array {
  const tree = new Map(treeOf(sidecar));
  tree.set('mac', toHex(fitsBytes(sidecar.mac, SIDECAR_MAC_BYTES, 'mac')));
  return toUtf8(`${printJson(tree, 2)}\n`);
}

/** What the MAC covers: the same members without `mac`, sorted, without white space. */
export function sidecarMacInput(sidecar: Omit<Sidecar, 'mac'>): Uint8Array {
  return toUtf8(printJson(treeOf(sidecar)));
}

/**
 * Refuses with `SIDECAR_CORRUPT`, naming the field, whatever `printSidecar` could not have written: unknown
 * members or versions, wrong types, numbers out of range. Whether the MAC is right is the caller's to verify
 * before believing anything.
 */
export function parseSidecar(bytes: Uint8Array): Sidecar {
  try {
    if (bytes.length > SIDECAR_BYTES_MAX) throw new DecodeFault('file', `has ${bytes.length} bytes`);
    const text = fromUtf8(bytes);
    if (text === undefined) throw new DecodeFault('file', 'is not UTF-8');
    return readSidecar(new JsonFields(parseJson(text), 'sidecar'));
  } catch (error) {
    throw refusal('SIDECAR_CORRUPT', error);
  }
}

function readSidecar(fields: JsonFields): Sidecar {
  const version = fields.integer('version');
  if (version !== BigInt(SIDECAR_VERSION)) throw new DecodeFault('version', `is ${version}`);
  const sidecar: Sidecar = {
    clusterId: fields.hex('cluster_id', CLUSTER_ID_BYTES),
    groups: fields.records('groups', Number.MAX_SAFE_INTEGER, readGroup),
    keys: fields.records('keys', 0xffff_ffff, readKey),
    macKeyId: fields.u32('mac_key_id'),
    mac: fields.hex('mac', SIDECAR_MAC_BYTES),
  };
  fields.end();
  return sidecar;
}

function readGroup(fields: JsonFields): SidecarGroup {
  const active = fields.object('active');
  const group: SidecarGroup = {
    raftAppliedIndex: fields.index('raft_applied_index'),
    activeStorage: active.u32('storage'),
    activeRaft: active.u32('raft'),
    storageEnvelopeActive: fields.boolean('storage_envelope_active'),
    storageEnvelopeCutoverIndex: fields.index('storage_envelope_cutover_index'),
    storageCutoverTs: fields.u64('storage_cutover_ts'),
    raftEnvelopeCutoverIndex: fields.index('raft_envelope_cutover_index'),
  };
  active.end();
  fields.end();
  return group;
}

function readKey(fields: JsonFields): SidecarKey {
  const key: SidecarKey = {
    purpose: fields.word('purpose', ['storage', 'raft']),
    originId: fields.hex('origin', ORIGIN_ID_BYTES),
    check: fields.hex('check', CHECK_BYTES),
    wrapped: fields.base64('wrapped', WRAPPED_DEK_LIMITS.containerMax),
    created: fields.index('created'),
    localEpoch: fields.u16('local_epoch'),
    state: fields.word('state', ['active', 'retiring', 'suspended', 'retired']),
  };
  fields.end();
  return key;
}

function treeOf(sidecar: Omit<Sidecar, 'mac'>): ReadonlyMap<string, JsonValue> {
  return new Map<string, JsonValue>([
    ['version', BigInt(SIDECAR_VERSION)],
    ['cluster_id', toHex(fitsBytes(sidecar.clusterId, CLUSTER_ID_BYTES, 'clusterId'))],
    ['groups', mapValues(sidecar.groups, groupTree)],
    ['keys', mapValues(sidecar.keys, keyTree)],
    ['mac_key_id', BigInt(fits(sidecar.macKeyId, 32, 'macKeyId'))],
  ]);
}

function groupTree(group: SidecarGroup): JsonValue {
  const active = new Map<string, JsonValue>([
    ['storage', BigInt(fits(group.activeStorage, 32, 'activeStorage'))],
    ['raft', BigInt(fits(group.activeRaft, 32, 'activeRaft'))],
  ]);
  return new Map<string, JsonValue>([
    ['raft_applied_index', BigInt(fitsIndex(group.raftAppliedIndex, 'raftAppliedIndex'))],
    ['active', active],
    ['storage_envelope_active', group.storageEnvelopeActive],
    [
      'storage_envelope_cutover_index',
      BigInt(fitsIndex(group.storageEnvelopeCutoverIndex, 'storageCutoverIndex')),
    ],
    ['storage_cutover_ts', fits64(group.storageCutoverTs, 'storageCutoverTs')],
    ['raft_envelope_cutover_index', BigInt(fitsIndex(group.raftEnvelopeCutoverIndex, 'raftCutoverIndex'))],
  ]);
}

function keyTree(key: SidecarKey): JsonValue {
  return new Map<string, JsonValue>([
    ['purpose', key.purpose],
    ['origin', toHex(fitsBytes(key.originId, ORIGIN_ID_BYTES, 'originId'))],
    ['check', toHex(fitsBytes(key.check, CHECK_BYTES, 'check'))],
    ['wrapped', toBase64(key.wrapped)],
    ['created', BigInt(fitsIndex(key.created, 'created'))],
    ['local_epoch', BigInt(fits(key.localEpoch, 16, 'localEpoch'))],
    ['state', key.state],
  ]);
}

function mapValues<T>(source: ReadonlyMap<number, T>, tree: (value: T) => JsonValue): JsonValue {
  return new Map([...source].map(([id, value]) => [String(id), tree(value)]));
}
