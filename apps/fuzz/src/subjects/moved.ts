import * as formats from '@caisson/formats';
import { checksumAtEnd, checksumAtStart, codec, reader, sample, type Subject } from '../subject.js';

const code = 'SNAPSHOT_INVALID';
const HEADER: formats.SnapshotHeader = {
  clusterId: sample(16),
  group: 1,
  index: 9,
  term: 2,
  hlcCeiling: 5n,
  refused: 1,
  storageCutoverIndex: 3,
  storageCutoverTs: 4n,
  raftCutoverIndex: 6,
  membership: sample(20),
  cutoverProgress: sample(9),
  keyState: sample(40),
};
const GROUP: formats.BackupGroup = {
  group: 1,
  index: 9,
  term: 2,
  bytes: 3 * formats.BACKUP_PIECE_BYTES - 5,
  pairs: 100,
  versions: 90,
  sealed: 80,
  root: sample(32),
  digests: [sample(32), sample(32, 2), sample(32, 3)],
};

/** States and their pieces on the way to another node, to a backup, or to people. */
export const MOVED: readonly Subject[] = [
  codec<formats.SnapshotHeader>({
    name: 'snapshot header',
    code,
    values: [HEADER],
    encode: formats.encodeSnapshotHeader,
    decode: formats.decodeSnapshotHeader,
  }),
  reader({
    name: 'snapshot prefix',
    seeds: [formats.encodeSnapshotPreamble(HEADER).slice(0, formats.SNAPSHOT_PREFIX_BYTES)],
    decode: formats.decodeSnapshotPrefix,
    codes: [code],
    covers: ['decodeSnapshotPrefix'],
  }),
  reader({
    name: 'snapshot length',
    seeds: [Uint8Array.of(0, 0, 1, 0)],
    decode: formats.decodeSnapshotLength,
    codes: [code],
    covers: ['decodeSnapshotLength'],
  }),
  codec({
    name: 'snapshot chunk',
    code,
    mend: checksumAtStart,
    values: [
      [
        { key: Uint8Array.of(1, 2), value: sample(5) },
        { key: Uint8Array.of(2, 1, 1), value: sample(50) },
      ],
    ],
    encode: (pairs: readonly { key: Uint8Array; value: Uint8Array }[]) =>
      formats.encodeSnapshotChunk(pairs).slice(formats.SNAPSHOT_LENGTH_BYTES),
    decode: formats.decodeSnapshotChunk,
  }),
  codec<formats.SnapshotTrailer>({
    name: 'snapshot trailer',
    code,
    values: [
      { pairs: 9, digest: sample(32), mac: sample(32) },
      { pairs: 9, digest: sample(32), mac: sample(0) },
    ],
    encode: (trailer) => formats.encodeSnapshotTrailer(trailer).slice(formats.SNAPSHOT_LENGTH_BYTES),
    decode: formats.decodeSnapshotTrailer,
  }),
  codec<formats.BackupManifest>({
    name: 'backup manifest',
    code: 'BACKUP_INVALID',
    values: [
      {
        clusterId: sample(16),
        birth: 'encrypted',
        format: 1,
        node: 'n1',
        createdMs: 1_700_000_000_000,
        groups: [GROUP],
        mac: sample(32),
      },
    ],
    encode: formats.encodeBackupManifest,
    decode: formats.decodeBackupManifest,
  }),
  codec<formats.JoinToken>({
    name: 'join token',
    code: 'INVALID_ARGUMENT',
    mend: checksumOfToken,
    values: [
      {
        clusterId: sample(16),
        birth: 'clear',
        format: 1,
        members: [{ name: 'n1', address: 'a:1', clientAddress: 'b:2' }],
      },
    ],
    encode: (token) => new TextEncoder().encode(formats.encodeJoinToken(token)),
    decode: (input) => formats.decodeJoinToken(Buffer.from(input).toString('latin1')),
    covers: ['decodeJoinToken'],
  }),
];

function checksumOfToken(input: Uint8Array): Uint8Array {
  const bytes = Buffer.from(Buffer.from(input).toString('latin1'), 'base64url');
  return Buffer.from(Buffer.from(checksumAtEnd(bytes)).toString('base64url'));
}
