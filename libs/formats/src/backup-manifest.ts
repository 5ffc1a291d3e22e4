import {
  type ByteReader,
  ByteWriter,
  concatBytes,
  DecodeFault,
  EMPTY_BYTES,
  equalBytes,
  toUtf8,
} from '@caisson/base';
import { decodeAll, fits, fitsBytes, fitsIndex, readCount } from './decoding.js';
import { CLUSTER_ID_BYTES } from './identity.js';
import { readShortText, writeShortText } from './short-text.js';

/** What a backup says of itself. It is written last: a folder without it is no backup. */
export interface BackupManifest {
  readonly clusterId: Uint8Array;
  readonly birth: 'encrypted' | 'clear';
  /** Format of the directory that it was taken from. */
  readonly format: number;
  /** The node that it was taken from. */
  readonly node: string;
  /** Unix milliseconds, by the clock of that node. */
  readonly createdMs: number;
  /** Ascending ids, at least one. */
  readonly groups: readonly BackupGroup[];
  /** HMAC-SHA-256 of `backupManifestMacInput`; empty where no group has keys. */
  readonly mac: Uint8Array;
}

/** The stream of one group, cut into pieces. */
export interface BackupGroup {
  readonly group: number;
  /** The last entry that is in it. */
  readonly index: number;
  readonly term: number;
  /** Of the stream; every piece but the last has `BACKUP_PIECE_BYTES`. */
  readonly bytes: number;
  readonly pairs: number;
  /** Pairs that are versions of keys, and how many of those are sealed. */
  readonly versions: number;
  readonly sealed: number;
  /** Root of the tree over the digests. */
  readonly root: Uint8Array;
  /** SHA-256 of each piece. */
  readonly digests: readonly Uint8Array[];
}

export const BACKUP_PIECE_BYTES = 8 * 1024 * 1024;
/** A longer manifest is none of ours; read no further. */
export const BACKUP_MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

const MAGIC = toUtf8('CAISBKP1');
const DIGEST_BYTES = 32;
const MAC_BYTES = 32;
const NO_MAC = new Uint8Array(MAC_BYTES);
const GROUP_BYTES_MIN = 7 * 8 + DIGEST_BYTES + 4;
const BIRTHS = ['encrypted', 'clear'] as const;

/** The manifest: `backupManifestMacInput ‖ mac 32`, where 32 zero bytes stand for no MAC. */
export function encodeBackupManifest(manifest: BackupManifest): Uint8Array {
  const { mac } = manifest;
  return concatBytes(
    backupManifestMacInput(manifest),
    mac.length === 0 ? NO_MAC : fitsBytes(mac, MAC_BYTES, 'mac'),
  );
}

/**
 * `"CAISBKP1" ‖ cluster_id 16 ‖ birth u8 ‖ format u32 ‖ node ‖ created index ‖ count u32 ‖ count × group`; a
 * group is `group index ‖ index index ‖ term index ‖ bytes index ‖ pairs index ‖ versions index ‖ sealed
 * index ‖ root 32 ‖ count u32 ‖ count × digest 32`.
 */
export function backupManifestMacInput(manifest: Omit<BackupManifest, 'mac'>): Uint8Array {
  const writer = new ByteWriter(1024)
    .bytes(MAGIC)
    .bytes(fitsBytes(manifest.clusterId, CLUSTER_ID_BYTES, 'clusterId'))
    .u8(BIRTHS.indexOf(manifest.birth) + 1)
    .u32(fits(manifest.format, 32, 'format'));
  writeShortText(writer, manifest.node);
  writer.index(fitsIndex(manifest.createdMs, 'created')).u32(manifest.groups.length);
  for (const group of manifest.groups) writeGroup(writer, group);
  return writer.done();
}

/**
 * Refuses with `BACKUP_INVALID`, naming the field, what is no manifest, and one whose counts contradict each
 * other. Digests and MAC are for whoever has the pieces and the keys.
 */
export function decodeBackupManifest(bytes: Uint8Array): BackupManifest {
  return decodeAll('BACKUP_INVALID', bytes, (reader) => {
    if (!equalBytes(reader.view(MAGIC.length, 'magic'), MAGIC))
      throw new DecodeFault('magic', 'is no manifest');
    return {
      clusterId: reader.bytes(CLUSTER_ID_BYTES, 'clusterId'),
      birth: readBirth(reader),
      format: reader.u32('format'),
      node: readShortText(reader, 'node'),
      createdMs: reader.index('created'),
      groups: readGroups(reader),
      mac: readMac(reader),
    };
  });
}

function writeGroup(writer: ByteWriter, group: BackupGroup): void {
  for (const name of ['group', 'index', 'term', 'bytes', 'pairs', 'versions', 'sealed'] as const) {
    writer.index(fitsIndex(group[name], name));
  }
  writer.bytes(fitsBytes(group.root, DIGEST_BYTES, 'root')).u32(group.digests.length);
  for (const digest of group.digests) writer.bytes(fitsBytes(digest, DIGEST_BYTES, 'digest'));
}

function readGroups(reader: ByteReader): readonly BackupGroup[] {
  const count = readCount(reader, GROUP_BYTES_MIN, 'groups');
  const groups: BackupGroup[] = [];
  for (let at = 0; at < count; at++) {
    const group = readGroup(reader);
    if (at > 0 && groups[at - 1]!.group >= group.group) throw new DecodeFault('groups', 'do not ascend');
    groups.push(group);
  }
  if (count === 0) throw new DecodeFault('groups', 'are none');
  return groups;
}

function readGroup(reader: ByteReader): BackupGroup {
  const group = {
    group: reader.index('group'),
    index: reader.index('index'),
    term: reader.index('term'),
    bytes: reader.index('bytes'),
    pairs: reader.index('pairs'),
    versions: reader.index('versions'),
    sealed: reader.index('sealed'),
    root: reader.bytes(DIGEST_BYTES, 'root'),
  };
  const count = readCount(reader, DIGEST_BYTES, 'digests');
  if (count !== Math.ceil(group.bytes / BACKUP_PIECE_BYTES))
    throw new DecodeFault('digests', 'do not fit bytes');
  const digests: Uint8Array[] = [];
  for (let at = 0; at < count; at++) digests.push(reader.bytes(DIGEST_BYTES, 'digest'));
  return { ...group, digests };
}

function readBirth(reader: ByteReader): BackupManifest['birth'] {
  const birth = BIRTHS[reader.u8('birth') - 1];
  if (birth === undefined) throw new DecodeFault('birth', 'is unknown');
  return birth;
}

function readMac(reader: ByteReader): Uint8Array {
  const mac = reader.bytes(MAC_BYTES, 'mac');
  return equalBytes(mac, NO_MAC) ? EMPTY_BYTES : mac;
}
