import { equalBytes } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { MemoryLogs } from '@caisson/compliance';
import { type CaissonError, type Cursor, Secret, type StoredView } from '@caisson/contracts';
import { BackupKeys, LocalKek, NodeStates } from '@caisson/encryption';
import {
  BACKUP_PIECE_BYTES,
  type BackupManifest,
  decodeBackupManifest,
  encodeBackupManifest,
  SYSTEM_KEYS,
} from '@caisson/formats';
import { NodeDisk } from '@caisson/platform-node';
import { MemoryStores } from '@caisson/store-memory';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashes, random, SnapshotNode, TERM } from '../testdata/snapshot-node.js';
import { BackupFolder } from './backup-folder.js';
import { backupParts } from './backup-parts.js';
import { BackupReader } from './backup-reader.js';
import { NodeBackup, type NodeBackupParts } from './node-backup.js';
import { digestRoot, pieceDigest } from './digest-tree.js';

const VALUE_BYTES = 1024 * 1024;
const ciphers = [new AesGcmCipher()];
const kek = (byte: number) =>
  new LocalKek({ provider: 'file', key: new Secret(new Uint8Array(32).fill(byte)), ciphers, hashes, random });

let folder: string;
let path: string;
let source: SnapshotNode;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caisson-backup-'));
  const place = { path: join(folder, 'node'), disk: new NodeDisk() };
  source = await SnapshotNode.start({ ...place, stores: new MemoryStores(), logs: new MemoryLogs() });
  await source.found();
  for (let at = 0; at < 10; at++) await source.put(`key ${at}`, random.bytes(VALUE_BYTES));
  path = join(folder, 'untouched');
  await write();
}, 60_000);

beforeEach(() => {
  path = join(folder, 'backup');
  cpSync(join(folder, 'untouched'), path, { recursive: true });
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

afterAll(async () => {
  await source.stop();
  rmSync(folder, { recursive: true });
});

const backup = () => new BackupFolder(new NodeDisk(), hashes, path);
const view = () => new NodeStates(source.encryption).view(1);

async function write(of: StoredView = view()): Promise<void> {
  const { identity } = source.encryption.parts.directory;
  const moments = [{ group: 1, term: TERM, view: of }];
  const target = backup();
  await target.make();
  for await (const part of backupParts({ moments, identity, createdMs: 1, hashes })) await target.add(part);
  await of.close();
}

/** Everything there is to verify, with a KEK or without. */
async function verify(keys?: BackupKeys): Promise<void> {
  const reader = await BackupReader.open(backup(), hashes);
  for (const entry of reader.manifest.groups) {
    const found = await reader.read(entry, () => undefined);
    if (keys === undefined) continue;
    const backedUp = { group: 1, clusterId: reader.manifest.clusterId, state: found.keyState! };
    await keys.openThroughEach(backedUp);
    keys.verify(backedUp, found.proof, 'stream');
    keys.verify(backedUp, reader.proof!, 'manifest');
  }
}

const withKek = (byte = 1) => new BackupKeys({ keks: [kek(byte)], ciphers, hashes });
const piece = (number: number) => join(path, 'groups/1', String(number).padStart(10, '0'));
const manifestPath = () => join(path, 'manifest');

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  writeFileSync(file, bytes);
}

const invalid = (details: object) =>
  expect.objectContaining({ code: 'BACKUP_INVALID', details: expect.objectContaining(details) });

test('what was written is proved without a key as far as that goes, and with one altogether', async () => {
  const { manifest } = await BackupReader.open(backup(), hashes);
  expect(manifest.groups).toMatchObject([
    { group: 1, index: source.applied, term: TERM, versions: 10, sealed: 10 },
  ]);
  expect(manifest.groups[0]!.digests).toHaveLength(2);
  expect(readFileSync(piece(0))).toHaveLength(BACKUP_PIECE_BYTES);
  await verify();
  await verify(withKek());
});

test('two backups of one moment are equal, piece by piece', async () => {
  const files = () => Buffer.concat([piece(0), piece(1), manifestPath()].map((file) => readFileSync(file)));
  const first = files();
  rmSync(path, { recursive: true });
  await write();
  expect(files().equals(first)).toBe(true);
});

test('a backup never replaces what is there', async () => {
  await expect(backup().make()).rejects.toMatchObject({ code: 'DIRECTORY_NOT_EMPTY' });
});

test.each<[string, () => void, object]>([
  ['a flipped bit in the first piece', () => flip(piece(0), 500), { group: 1, piece: 0 }],
  ['a flipped bit at the end of the last one', () => flip(piece(1), -1), { group: 1, piece: 1 }],
  ['a missing piece', () => rmSync(piece(1)), { group: 1, piece: 1, problem: 'is missing' }],
  ['a piece that goes on', () => writeFileSync(piece(1), 'x', { flag: 'a' }), { group: 1, piece: 1 }],
  ['a missing manifest', () => rmSync(manifestPath()), { field: 'manifest' }],
  ['a flipped bit in a digest', () => flip(manifestPath(), -40), { group: 1, field: 'root' }],
  ['a manifest of another kind', () => flip(manifestPath(), 0), { field: 'magic' }],
])('%s is named without any key', async (_what, damage, details) => {
  damage();
  await expect(verify()).rejects.toEqual(invalid(details));
});

test('pieces that changed places are noticed', async () => {
  renameSync(piece(0), piece(2));
  renameSync(piece(1), piece(0));
  await expect(verify()).rejects.toEqual(invalid({ group: 1, piece: 0 }));
});

/** What somebody does who can compute digests and has no key. */
function forge(change: (manifest: BackupManifest) => BackupManifest): void {
  const manifest = change(decodeBackupManifest(readFileSync(manifestPath())));
  const groups = manifest.groups.map((group) => {
    const digests = group.digests.map((_, number) => pieceDigest(hashes, readFileSync(piece(number))));
    return { ...group, digests, root: digestRoot(hashes, digests) };
  });
  writeFileSync(manifestPath(), encodeBackupManifest({ ...manifest, groups }));
}

test.each<[string, (manifest: BackupManifest) => BackupManifest]>([
  ['of another birth', (manifest) => ({ ...manifest, birth: 'clear' })],
  ['from another node', (manifest) => ({ ...manifest, node: 'n9' })],
  ['at another time', (manifest) => ({ ...manifest, createdMs: 2 })],
])('a manifest that was edited to be %s does not authenticate', async (_what, change) => {
  forge(change);
  await verify();
  await expect(verify(withKek())).rejects.toEqual(invalid({ field: 'manifest' }));
});

test('a bit of a wrapped key that was flipped with all digests made right is not the key', async () => {
  const { group, container } = await keyOf();
  expect(group).toBe(1);
  const at = readFileSync(piece(0)).indexOf(container);
  flip(piece(0), at + container.length - 1);
  forge((manifest) => manifest);
  await expect(verify(withKek())).rejects.toThrow(/BACKUP_INVALID|KEK_MISMATCH/);
});

async function keyOf(): Promise<{ group: number; container: Uint8Array }> {
  const reader = await BackupReader.open(backup(), hashes);
  const entry = reader.manifest.groups[0]!;
  return { group: entry.group, container: (await reader.keyState(entry))!.keys[0]!.container };
}

test('another KEK is told from damage', async () => {
  await expect(verify(withKek(2))).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
});

test('every one of several KEKs has to open every key', async () => {
  const both = new BackupKeys({ keks: [kek(1), kek(2)], ciphers, hashes });
  await expect(verify(both)).rejects.toMatchObject({ code: 'KEK_MISMATCH' });
});

test('a backup of nothing is a bug', async () => {
  const { identity } = source.encryption.parts.directory;
  const parts = backupParts({ moments: [], identity, createdMs: 1, hashes });
  await expect(parts.next()).rejects.toThrow('NODE-30');
});

test('a group that holds nothing yet is no backup', async () => {
  const place = { path: join(folder, 'empty'), disk: new NodeDisk() };
  const empty = await SnapshotNode.start({ ...place, stores: new MemoryStores(), logs: new MemoryLogs() });
  const of = new NodeStates(empty.encryption).view(1);
  const { identity } = empty.encryption.parts.directory;
  const parts = backupParts({ moments: [{ group: 1, term: 1, view: of }], identity, createdMs: 1, hashes });
  await expect(parts.next()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { group: 1 } });
  await of.close();
  await empty.stop();
});

test('sealed values without their keys are no backup', async () => {
  rmSync(path, { recursive: true });
  await write(withoutKeys(view()));
  const refusal = await verify().catch((error: CaissonError) => error);
  expect(refusal).toMatchObject({ code: 'BACKUP_MISSING_SIDECAR', details: { group: 1, values: 10 } });
});

/** The node's own service, with an engine that knows no more than its terms. */
function service(): NodeBackup {
  const { directory } = source.encryption.parts;
  const engine = { groups: [1], group: () => ({ status: () => ({ leadership: TERM }) }) };
  const clock = { nowMs: () => 1 };
  const parts = { states: new NodeStates(source.encryption), engine, directory, disk: new NodeDisk(), clock };
  return new NodeBackup({ ...parts, hashes } as unknown as NodeBackupParts);
}

test('a node that serves yields the same backup, and what is written meanwhile is not in it', async () => {
  const { groups } = await backup().manifest();
  rmSync(path, { recursive: true });
  const target = backup();
  await target.make();
  for await (const part of service().create({})) {
    await target.add(part);
    if (part.kind === 'piece' && part.number === 0) await source.put('later', 'a value');
  }
  expect((await target.manifest()).groups).toEqual(groups);
});

test('whoever leaves in the middle lets go of what was held', async () => {
  for await (const part of service().create({})) {
    expect(part.kind).toBe('piece');
    break;
  }
  const gone = new AbortController();
  gone.abort(new RangeError('gone'));
  await expect(service().create({ signal: gone.signal })[Symbol.asyncIterator]().next()).rejects.toThrow(
    'gone',
  );
});

test('parts that are not those of the manifest are refused as they arrive', async () => {
  rmSync(path, { recursive: true });
  const target = backup();
  await target.make();
  const adding = async () => {
    for await (const part of service().create({})) {
      if (part.kind === 'piece') part.bytes[5]! ^= 1;
      await target.add(part);
    }
  };
  await expect(adding()).rejects.toEqual(invalid({ group: 1, piece: 0 }));
});

/** A view in which no key state is to be seen. */
function withoutKeys(of: StoredView): StoredView {
  const isShown = (key: Uint8Array) => !equalBytes(key, SYSTEM_KEYS.keyState);
  return {
    get: (key) => (isShown(key) ? of.get(key) : Promise.resolve(undefined)),
    rows: () => {
      const cursor = of.rows();
      const shown: Cursor = {
        next: async (limits) => (await cursor.next(limits)).filter(({ key }) => isShown(key)),
      };
      return shown;
    },
    authenticate: () => Promise.resolve(new Uint8Array(0)),
    close: () => of.close(),
  };
}
