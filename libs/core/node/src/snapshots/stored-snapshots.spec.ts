import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLogs } from '@caisson/compliance';
import { NodeDisk } from '@caisson/platform-node';
import { RocksdbStores } from '@caisson/store-rocksdb';
import {
  from,
  installOn,
  type Media,
  random,
  type SentSnapshot,
  SnapshotNode,
  type SnapshotNodeOptions,
  snapshotOf,
  TERM,
} from '../testdata/snapshot-node.js';

let folder: string;
let nodes: SnapshotNode[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caisson-snapshots-'));
  nodes = [];
});

afterEach(async () => {
  for (const node of nodes) await node.stop();
  await rm(folder, { recursive: true, force: true });
});

const signal = new AbortController().signal;

function media(name: string): Media {
  const path = join(folder, name);
  return { path, disk: new NodeDisk(), stores: new RocksdbStores(), logs: new MemoryLogs() };
}

async function start(
  name: string,
  options: SnapshotNodeOptions = {},
  on = media(name),
): Promise<SnapshotNode> {
  const node = await SnapshotNode.start(on, { name, ...options });
  nodes.push(node);
  return node;
}

/** A leader with several chunks of rows, one of them larger than a piece. */
async function leader(options: SnapshotNodeOptions = {}): Promise<SnapshotNode> {
  const node = await (await start('n1', options)).found();
  for (let number = 0; number < 40; number++) await node.put(`key ${number}`, random.bytes(64 * 1024));
  await node.put('large', random.bytes(3 * 1024 * 1024));
  return node;
}

const take = (to: SnapshotNode, { incoming }: SentSnapshot, pieces: readonly Uint8Array[]) =>
  to.snapshots.receive(incoming, from(pieces), signal);

describe.each<[string, SnapshotNodeOptions]>([
  ['encrypted', {}],
  ['clear', { kek: undefined }],
])('%s', (_, options) => {
  test('a snapshot brings everything: rows, keys, membership and where the log starts', async () => {
    const source = await leader(options);
    const snapshot = await snapshotOf(source);
    const on = media('n2');
    const to = await start('n2', options, on);
    const verified = await take(to, snapshot, snapshot.pieces);
    expect(verified.point).toEqual({ index: source.applied, term: TERM });
    expect(verified.membership.peers.map(({ name }) => name)).toEqual(['n1']);
    await verified.install(to.log, { term: 9, vote: 5n });
    expect(await to.content()).toEqual(await source.content());
    expect(to.log.start).toEqual(verified.point);
    expect(to.log.hardState).toEqual({ term: 9, vote: 5n, commit: source.applied });
    await nodes.pop()!.stop();
    const again = await start('n2', options, on);
    expect(await again.content()).toEqual(await source.content());
    expect(await on.disk.list(on.disk.join(on.path, 'groups', '1'))).toEqual(['snapshots', 'store']);
  });

  test('one view gives one stream, however often and from wherever it is read', async () => {
    const source = await leader(options);
    const opened = await source.snapshots.open({ index: source.applied, term: TERM }, new Uint8Array(1));
    const read = async (first: number) => {
      const pieces: string[] = [];
      for await (const piece of opened.outgoing.chunks(first))
        pieces.push(Buffer.from(piece).toString('hex'));
      return pieces;
    };
    const whole = await read(0);
    await source.put('later', 'not in the view');
    expect(await read(0)).toEqual(whole);
    for (const first of [1, 3, whole.length - 1, whole.length])
      expect(await read(first)).toEqual(whole.slice(first));
    expect(whole.every((piece) => piece.length > 0 && piece.length <= 2 * 1024 * 1024)).toBe(true);
    await opened.close();
    await opened.close();
    await expect(read(0)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  test('a transfer that breaks off goes on where it was, also in another process', async () => {
    const source = await leader(options);
    const snapshot = await snapshotOf(source);
    const on = media('n2');
    const to = await start('n2', options, on);
    const broken = async function* () {
      yield* from(snapshot.pieces.slice(0, 4));
      throw new Error('the connection broke');
    };
    await expect(to.snapshots.receive(snapshot.incoming, broken(), signal)).rejects.toThrow('broke');
    expect(await to.snapshots.keptChunks(snapshot.incoming)).toBe(4);
    await nodes.pop()!.stop();
    const again = await start('n2', options, on);
    expect(await again.snapshots.keptChunks(snapshot.incoming)).toBe(4);
    const verified = await take(again, snapshot, snapshot.pieces.slice(4));
    await verified.install(again.log, { term: TERM, vote: 0n });
    expect(await again.content()).toEqual(await source.content());
  });
});

test('what a broken transfer left goes when it is asked to, and none of its values stays on the disk', async () => {
  const source = await (await start('n1', { kek: undefined })).found();
  for (let number = 0; number < 40; number++)
    await source.put(`key ${number}`, Buffer.from(`a clear value ${'x'.repeat(64 * 1024)}`));
  const snapshot = await snapshotOf(source);
  const on = media('n2');
  const to = await start('n2', { kek: undefined }, on);
  const broken = async function* () {
    yield* from(snapshot.pieces.slice(0, 2));
    throw new Error('the connection broke');
  };
  await expect(to.snapshots.receive(snapshot.incoming, broken(), signal)).rejects.toThrow('broke');
  const filesWithValues = async () => {
    const files = await readdir(on.path, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files.filter((file) => file.isFile()).map(({ parentPath, name }) => readFile(join(parentPath, name))),
    );
    return contents.filter((bytes) => bytes.includes('a clear value')).length;
  };
  expect(await filesWithValues()).toBeGreaterThan(0);
  await to.snapshots.tidy!();
  expect(await to.snapshots.keptChunks(snapshot.incoming)).toBe(0);
  expect(await filesWithValues()).toBe(0);
});

test('what a node had is replaced, not added to', async () => {
  const source = await leader();
  const to = await start('n2');
  await installOn(to, await snapshotOf(source));
  await to.put('of the follower alone', 'and never committed');
  await source.put('key 0', 'newer');
  await source.rotate();
  await installOn(to, await snapshotOf(source));
  expect(await to.content()).toEqual(await source.content());
  expect(to.encryption.keys.keystore.ids).toEqual(source.encryption.keys.keystore.ids);
});

test('a stream given up leaves the state as it was and makes room for the next', async () => {
  const source = await leader();
  const to = await start('n2');
  const snapshot = await snapshotOf(source);
  const verified = await take(to, snapshot, snapshot.pieces);
  await verified.discard();
  expect(await to.content()).toEqual([]);
  expect(await to.snapshots.keptChunks(snapshot.incoming)).toBe(0);
  await installOn(to, await snapshotOf(source));
  await verified.discard();
  expect(await to.content()).toEqual(await source.content());
});

test('another stream replaces what was kept of the one before', async () => {
  const source = await leader();
  const to = await start('n2');
  const [one, other] = [await snapshotOf(source), await snapshotOf(source)];
  expect(one.incoming.id).not.toEqual(other.incoming.id);
  await expect(take(to, one, one.pieces.slice(0, 3))).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  const cut = async function* () {
    yield* from(one.pieces.slice(0, 3));
    throw new Error('the connection broke');
  };
  await expect(to.snapshots.receive(one.incoming, cut(), signal)).rejects.toThrow('broke');
  expect(await to.snapshots.keptChunks(other.incoming)).toBe(0);
  expect(await to.snapshots.keptChunks(one.incoming)).toBe(0);
});

test('a transfer that is called off ends, and so do all when the group closes', async () => {
  const source = await leader();
  const to = await start('n2');
  const snapshot = await snapshotOf(source);
  const control = new AbortController();
  control.abort(new Error('called off'));
  await expect(
    to.snapshots.receive(snapshot.incoming, from(snapshot.pieces), control.signal),
  ).rejects.toThrow('called off');
  const opened = await source.snapshots.open({ index: source.applied, term: TERM }, new Uint8Array(1));
  await source.snapshots.close();
  await expect(
    opened.outgoing
      .chunks(0)
      [Symbol.asyncIterator]()
      .next()
      .then(async () => {
        for await (const piece of opened.outgoing.chunks(0)) void piece;
      }),
  ).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  await to.snapshots.close();
  await expect(take(to, snapshot, snapshot.pieces)).rejects.toMatchObject({ code: 'DRAINING' });
});

test('NODE-20: a snapshot that is announced at another index is a bug', async () => {
  const source = await leader();
  const elsewhere = { index: source.applied - 1, term: TERM };
  await expect(source.snapshots.open(elsewhere, new Uint8Array(1))).rejects.toThrow('NODE-20');
});
