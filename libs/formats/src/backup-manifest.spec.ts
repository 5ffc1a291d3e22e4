import { concatBytes } from '@caisson/base';
import {
  BACKUP_PIECE_BYTES,
  type BackupManifest,
  backupManifestMacInput,
  decodeBackupManifest,
  encodeBackupManifest,
} from './index.js';

const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const group = {
  group: 1,
  index: 90,
  term: 4,
  bytes: BACKUP_PIECE_BYTES + 5,
  pairs: 12,
  versions: 7,
  sealed: 6,
  root: bytes(32, 1),
  digests: [bytes(32, 2), bytes(32, 3)],
};
const manifest: BackupManifest = {
  clusterId: bytes(16, 4),
  birth: 'encrypted',
  format: 1,
  node: 'größe',
  createdMs: 1_700_000_000_000,
  groups: [group, { ...group, group: 7 }],
  mac: bytes(32, 5),
};
const refused = (field: string) =>
  expect.objectContaining({ code: 'BACKUP_INVALID', details: expect.objectContaining({ field }) });

test('a manifest reads back as it was written, and begins as it is laid down', () => {
  const encoded = encodeBackupManifest(manifest);
  expect(decodeBackupManifest(encoded)).toEqual(manifest);
  expect(Buffer.from(encoded.subarray(0, 29)).toString('hex')).toBe(
    `${Buffer.from('CAISBKP1').toString('hex')}${'04'.repeat(16)}0100000001`,
  );
  expect(encoded.subarray(0, -32)).toEqual(backupManifestMacInput(manifest));
});

test('no MAC is 32 zero bytes', () => {
  const encoded = encodeBackupManifest({ ...manifest, mac: new Uint8Array(0) });
  expect(encoded.subarray(-32)).toEqual(bytes(32, 0));
  expect(decodeBackupManifest(encoded).mac).toHaveLength(0);
});

test('every cut of a manifest, and every byte more, is refused', () => {
  const encoded = encodeBackupManifest(manifest);
  for (let end = 0; end < encoded.length; end++) {
    expect(() => decodeBackupManifest(encoded.subarray(0, end))).toThrow(/BACKUP_INVALID/);
  }
  expect(() => decodeBackupManifest(concatBytes(encoded, bytes(1, 0)))).toThrow(/BACKUP_INVALID/);
});

test.each<[string, string, BackupManifest]>([
  ['a group that comes twice', 'groups', { ...manifest, groups: [group, group] }],
  ['no group at all', 'groups', { ...manifest, groups: [] }],
  ['fewer digests than pieces', 'digests', { ...manifest, groups: [{ ...group, digests: [bytes(32, 2)] }] }],
])('%s is refused', (_what, field, wrong) => {
  expect(() => decodeBackupManifest(encodeBackupManifest(wrong))).toThrow(refused(field));
});
