import { CaissonError } from '@caisson/contracts';
import { parseSidecar } from '@caisson/formats';
import { probeDurability, replaceFile } from '../src/sidecar/durable-file.js';
import { mergeSidecar } from '../src/sidecar/sidecar-merge.js';
import { diskError, MemoryDisk } from './memory-disk.js';
import { note } from './mini-engine.js';
import { driven, World } from './world.js';

const DIRECTORY = '/data/encryption';
const FILE = `${DIRECTORY}/keys.json`;
const [OLD, NEW] = [new Uint8Array(40).fill(1), new Uint8Array(50).fill(2)];

function diskWithOld(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.put(FILE, OLD);
  return disk;
}

const replace = (disk: MemoryDisk) => replaceFile(disk, DIRECTORY, 'keys.json', NEW);

/** Runs the replacement with the given step failing for good; answers how many steps there are. */
async function stepsOf(disk: MemoryDisk, killedAt: number): Promise<number> {
  let steps = 0;
  disk.onStep = ({ operation, path }) => {
    if (++steps >= killedAt) throw diskError(operation, path, 'EIO');
  };
  await replace(disk).catch(() => undefined);
  return steps;
}

test('a crash at any step leaves exactly the old file or the new one', async () => {
  const all = await stepsOf(diskWithOld(), Number.POSITIVE_INFINITY);
  expect(all).toBeGreaterThanOrEqual(6);
  const left: string[] = [];
  for (let killed = 1; killed <= all + 1; killed++) {
    const disk = diskWithOld();
    await stepsOf(disk, killed);
    disk.crash();
    const content = (await disk.read(FILE))!;
    expect([OLD, NEW]).toContainEqual(content);
    left.push(content.length === OLD.length ? 'old' : 'new');
  }
  expect(left).toEqual([...Array<string>(all).fill('old'), 'new']);
});

test('a failed step throws its own error, leaves no temporary file and the old one whole', async () => {
  for (const failing of ['create', 'write', 'sync', 'close', 'rename']) {
    const disk = diskWithOld();
    disk.onStep = ({ operation, path }) => {
      if (operation === failing) throw new CaissonError('DISK_FULL', { operation, path, errno: 'ENOSPC' });
    };
    await expect(replace(disk)).rejects.toMatchObject({ code: 'DISK_FULL', details: { operation: failing } });
    expect([...disk.files.keys()]).toEqual([FILE]);
    expect(await disk.read(FILE)).toEqual(OLD);
  }
});

test('a temporary file that a crash left behind is replaced', async () => {
  const disk = diskWithOld();
  disk.put(`${FILE}.tmp`, NEW);
  await replace(disk);
  expect([...disk.files.keys()]).toEqual([FILE]);
  expect(await disk.read(FILE)).toEqual(NEW);
});

test('the probe leaves nothing, and a full or read-only disk keeps its own name', async () => {
  const disk = diskWithOld();
  await probeDurability(disk, DIRECTORY);
  expect([...disk.files.keys()]).toEqual([FILE]);
  for (const code of ['DISK_FULL', 'DISK_READ_ONLY'] as const) {
    disk.onStep = ({ operation, path }) => {
      if (operation === 'create') throw new CaissonError(code, { operation, path, errno: 'E' });
    };
    await expect(probeDurability(disk, DIRECTORY)).rejects.toMatchObject({ code });
  }
});

const key = (localEpoch: number) => ({
  purpose: 'storage' as const,
  originId: new Uint8Array(16),
  check: new Uint8Array(8),
  wrapped: Uint8Array.of(localEpoch),
  created: localEpoch,
  localEpoch,
  state: 'active' as const,
});

const group = (raftAppliedIndex: number) => ({
  raftAppliedIndex,
  activeStorage: 7,
  activeRaft: 9,
  storageEnvelopeActive: false,
  storageEnvelopeCutoverIndex: 0,
  storageCutoverTs: 0n,
  raftEnvelopeCutoverIndex: 0,
});

test('merging never lets an epoch fall, a known key change its record, or a group go back', () => {
  const content = {
    clusterId: new Uint8Array(16),
    groups: new Map([[1, group(5)]]),
    keys: new Map([[7, key(3)]]),
  };
  const merged = mergeSidecar(content, {
    groups: new Map([
      [1, group(4)],
      [2, group(1)],
    ]),
    keys: new Map([
      [7, key(1)],
      [9, key(0)],
    ]),
    epochs: new Map([
      [7, 2],
      [9, 6],
      [99, 1],
    ]),
  });
  expect(merged.groups).toEqual(
    new Map([
      [1, group(5)],
      [2, group(1)],
    ]),
  );
  expect(merged.keys).toEqual(
    new Map([
      [7, key(3)],
      [9, { ...key(0), localEpoch: 6 }],
    ]),
  );
  expect(mergeSidecar(content, { keys: new Map([[7, key(8)]]) }).keys.get(7)).toEqual({
    ...key(3),
    localEpoch: 8,
  });
});

test('replaying a key entry writes nothing that is there already', async () => {
  const world = new World();
  const first = await world.start();
  let writes = 0;
  await first.drive();
  world.memory.crash();
  world.disk.onStep = ({ operation, path }) => {
    if (operation === 'rename' && path === FILE) writes++;
  };
  await (await driven(world)).stop();
  expect(writes).toBe(1);
});

test('the file is what the formats say, of mode 0600 and without a plain key in it', async () => {
  const world = new World();
  const running = await driven(world);
  await running.engine.propose(note('a', 'one'));
  const bytes = (await world.disk.read(FILE))!;
  const sidecar = parseSidecar(bytes);
  expect(sidecar.clusterId).toEqual(world.identity.clusterId);
  expect([...sidecar.keys.values()].map(({ purpose }) => purpose).sort()).toEqual(['raft', 'storage']);
  expect(sidecar.groups.get(1)).toMatchObject({ raftAppliedIndex: 4, storageEnvelopeActive: true });
  for (const keyId of running.node.keys.keystore.ids) {
    const dek = Buffer.from(running.node.keys.keystore.get(keyId)!.dek.reveal());
    for (const form of [dek, dek.toString('hex'), dek.toString('base64')]) {
      expect(Buffer.from(bytes).includes(form)).toBe(false);
    }
  }
});
