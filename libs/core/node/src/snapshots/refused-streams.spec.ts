import { concatBytes, crc32c, toUtf8 } from '@caisson/base';
import { MemoryLogs } from '@caisson/compliance';
import {
  decodeSnapshotHeader,
  encodeSnapshotPreamble,
  encodeSnapshotTrailer,
  SNAPSHOT_PREFIX_BYTES,
  type SnapshotHeader,
} from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { ForgetfulDisk } from '../testdata/forgetful-disk.js';
import {
  from,
  hashes,
  installOn,
  type Media,
  random,
  type SentSnapshot,
  SnapshotNode,
  type SnapshotNodeOptions,
  snapshotOf,
} from '../testdata/snapshot-node.js';

interface Stream {
  readonly preamble: Uint8Array;
  readonly chunks: readonly Uint8Array[];
  readonly trailer: Uint8Array;
}

let disk: ForgetfulDisk;
let source: SnapshotNode;
let sent: SentSnapshot;
let stream: Stream;

function media(): Media & { readonly disk: ForgetfulDisk } {
  const stores = new MemoryStores();
  return { path: '/data', disk: new ForgetfulDisk(), stores, logs: new MemoryLogs() };
}

beforeEach(async () => {
  source = await (await SnapshotNode.start(media())).found();
  for (let number = 0; number < 9; number++) await source.put(`key ${number}`, random.bytes(200 * 1024));
  sent = await snapshotOf(source);
  stream = takenApart(concatBytes(...sent.pieces));
});

function takenApart(bytes: Uint8Array): Stream {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = SNAPSHOT_PREFIX_BYTES + view.getUint32(8);
  const chunks: Uint8Array[] = [];
  let at = start;
  for (let length = view.getUint32(at); length > 0; length = view.getUint32(at)) {
    chunks.push(bytes.slice(at, at + 8 + length));
    at += 8 + length;
  }
  return { preamble: bytes.slice(0, start), chunks, trailer: bytes.slice(at) };
}

const whole = ({ preamble, chunks, trailer }: Stream) => concatBytes(preamble, ...chunks, trailer);

/** As somebody would who knows the format and has no key. */
function digested({ preamble, chunks, trailer }: Stream, pairs?: number): Uint8Array {
  const count = pairs ?? new DataView(trailer.buffer).getUint32(8);
  const end = encodeSnapshotTrailer({ pairs: count, digest: new Uint8Array(32), mac: new Uint8Array(0) });
  const digest = hashes.sha256(preamble, ...chunks, end.subarray(0, 12));
  return whole({ preamble, chunks, trailer: concatBytes(end.subarray(0, 12), digest, trailer.subarray(44)) });
}

function withHeader(change: (header: SnapshotHeader) => Partial<SnapshotHeader>): Stream {
  const header = decodeSnapshotHeader(stream.preamble.subarray(SNAPSHOT_PREFIX_BYTES));
  return { ...stream, preamble: encodeSnapshotPreamble({ ...header, ...change(header) }) };
}

const flip = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at]! ^ 1);

/** Bytes of pairs replaced, and the checksum of the chunk made right again. */
function withChunk(change: (body: Uint8Array) => Uint8Array): Stream {
  const body = change(stream.chunks[1]!.slice(8));
  const head = new DataView(new ArrayBuffer(8));
  head.setUint32(0, body.length);
  head.setUint32(4, crc32c(body));
  const chunk = concatBytes(new Uint8Array(head.buffer), body);
  return { ...stream, chunks: stream.chunks.map((each, at) => (at === 1 ? chunk : each)) };
}

/** A member with a state of its own, before and after the stream was offered. */
async function refused(bytes: Uint8Array, options: SnapshotNodeOptions = { name: 'n2' }): Promise<unknown> {
  const on = media();
  disk = on.disk;
  const to = await SnapshotNode.start(on, options);
  if (options.kek === undefined && !('kek' in options) && options.clusterId === undefined) {
    await installOn(to, sent);
  }
  const before = { files: disk.files, content: await to.content(), keys: to.encryption.keys.keystore.ids };
  const cut = Array.from({ length: Math.ceil(bytes.length / 300_000) }, (_, at) =>
    bytes.slice(at * 300_000, (at + 1) * 300_000),
  );
  const incoming = { ...sent.incoming, id: random.bytes(16) };
  const error = await to.snapshots
    .receive(incoming, from(cut), new AbortController().signal)
    .catch((failure: unknown) => failure);
  const after = { files: disk.files, content: await to.content(), keys: to.encryption.keys.keystore.ids };
  expect(kept(after.files)).toEqual(kept(before.files));
  expect({ ...after, files: 0 }).toEqual({ ...before, files: 0 });
  expect(to.log.start.index).toBe(before.content.length > 0 ? sent.point.index : 0);
  await to.stop();
  return error;
}

/** What a broken transfer keeps to go on from changes nothing. */
const kept = (files: ReadonlyMap<string, string>) =>
  [...files].filter(([path]) => !path.includes('/incoming/'));

const invalid = (field: string) =>
  expect.objectContaining({ code: 'SNAPSHOT_INVALID', details: expect.objectContaining({ field }) });

test('nothing is refused of a stream that is as it was sent', async () => {
  expect(Buffer.compare(whole(stream), concatBytes(...sent.pieces))).toBe(0);
  expect(stream.chunks.length).toBeGreaterThan(2);
  const verified = await refused(whole(stream));
  expect(verified).toMatchObject({ point: sent.point });
});

test('a flipped bit anywhere in preamble and trailer is noticed', async () => {
  const places = [...stream.preamble.keys()].filter((at) => at % 29 === 0 || at < SNAPSHOT_PREFIX_BYTES);
  for (const at of places) {
    const error = await refused(whole({ ...stream, preamble: flip(stream.preamble, at) }));
    const code = (error as { code?: string }).code;
    expect({ at, code }).toEqual({ at, code: at >= 12 && at < 28 ? 'CLUSTER_MISMATCH' : 'SNAPSHOT_INVALID' });
  }
  for (let at = 0; at < stream.trailer.length; at += 9) {
    const error = await refused(whole({ ...stream, trailer: flip(stream.trailer, at) }));
    expect({ at, error }).toEqual({ at, error: expect.objectContaining({ code: 'SNAPSHOT_INVALID' }) });
  }
});

test('a flipped bit in a chunk fails its checksum', async () => {
  for (const at of [8, 12, 40, 5000]) {
    const chunks = stream.chunks.map((chunk, number) => (number === 1 ? flip(chunk, at) : chunk));
    expect(await refused(whole({ ...stream, chunks }))).toEqual(invalid('checksum'));
  }
});

test('a value edited together with its checksum fails the digest, and with that the MAC', async () => {
  const edited = withChunk((body) => flip(body, body.length - 1));
  expect(await refused(whole(edited))).toEqual(invalid('digest'));
  expect(await refused(digested(edited))).toEqual(invalid('mac'));
});

test('chunks in another order are noticed by their keys, missing ones by digest and count', async () => {
  const [first, second, ...rest] = stream.chunks as [Uint8Array, Uint8Array];
  expect(await refused(whole({ ...stream, chunks: [second, first, ...rest] }))).toEqual(invalid('key'));
  expect(await refused(whole({ ...stream, chunks: [first, first, second, ...rest] }))).toEqual(
    invalid('key'),
  );
  const fewer = { ...stream, chunks: [first, ...rest] };
  expect(await refused(whole(fewer))).toEqual(invalid('digest'));
  expect(await refused(digested(fewer))).toEqual(invalid('pairs'));
});

test('a stream cut anywhere, or with something behind it, is refused', async () => {
  const bytes = whole(stream);
  for (const length of [0, 5, 11, 12, 40, stream.preamble.length, 600_000, bytes.length - 1]) {
    expect(await refused(bytes.subarray(0, length))).toEqual(invalid('stream'));
  }
  expect(await refused(concatBytes(bytes, Uint8Array.of(0)))).toEqual(invalid('stream'));
});

test('later formats and other files are refused by their magic', async () => {
  for (const magic of ['CAISSNP2', 'CAISSNPX', 'CAISHED1']) {
    const preamble = concatBytes(toUtf8(magic), stream.preamble.subarray(8));
    expect(await refused(whole({ ...stream, preamble }))).toEqual(invalid('magic'));
  }
});

test.each<[string, (header: SnapshotHeader) => Partial<SnapshotHeader>]>([
  ['index', ({ index }) => ({ index: index + 1 })],
  ['hlcCeiling', () => ({ hlcCeiling: 5n })],
  ['refused', () => ({ refused: 1 })],
  ['storageCutoverIndex', () => ({ storageCutoverIndex: 1 })],
  ['storageCutoverTs', () => ({ storageCutoverTs: 1n })],
  ['raftCutoverIndex', () => ({ raftCutoverIndex: 1 })],
  ['membership', ({ membership }) => ({ membership: flip(membership, membership.length - 1) })],
  ['cutoverProgress', () => ({ cutoverProgress: new Uint8Array(0) })],
  ['keyState', ({ keyState }) => ({ keyState: flip(keyState, keyState.length - 1) })],
])('a header whose %s is not that of the rows is refused', async (field, change) => {
  expect(await refused(digested(withHeader(change)))).toEqual(invalid(field));
});

test('a term that was edited has no row to differ from, and fails the MAC', async () => {
  expect(await refused(digested(withHeader(({ term }) => ({ term: term + 1 }))))).toEqual(invalid('mac'));
});

test('a stream of another cluster or another group is refused before it is taken', async () => {
  const other = { name: 'n2', clusterId: new Uint8Array(16).fill(8) };
  expect(await refused(whole(stream), other)).toMatchObject({ code: 'CLUSTER_MISMATCH' });
  expect(disk.files.size).toBe(0);
  expect(await refused(whole(withHeader(() => ({ group: 2 }))))).toEqual(invalid('group'));
});

test('keys under another KEK, or any keys at a node without one, are refused', async () => {
  expect(await refused(whole(stream), { name: 'n2', kek: 2 })).toMatchObject({ code: 'KEK_MISMATCH' });
  expect(await refused(whole(stream), { name: 'n2', kek: undefined })).toMatchObject({
    code: 'KEK_NOT_CONFIGURED',
  });
});
