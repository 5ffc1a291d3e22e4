import type { IncomingSnapshot, RaftReceiver } from '@caisson/contracts';
import { encodeRaftFrames, type GrpcMethod, type peerProto } from '@caisson/formats';
import { type ClientDuplexStream, Metadata, type StatusObject } from '@grpc/grpc-js';
import { CLUSTER, TestNode } from '../testdata/nodes.js';
import { TransportGrpcConfig } from './config.js';
import { Dialler, type Line, METHODS } from './dialler.js';
import { thrownByPeer } from './errors.js';
import { Greeter, PROTOCOL } from './hello.js';

type FramesCall = ClientDuplexStream<peerProto.FramesRequest, peerProto.FramesResponse>;
type SnapshotCall = ClientDuplexStream<peerProto.SnapshotRequest, peerProto.SnapshotResponse>;

const hello = () => new Greeter({ name: 'b', clusterId: CLUSTER }, '127.0.0.1:9', PROTOCOL).helloTo('a');
const batch = (byte: number) => encodeRaftFrames([{ group: 1, frame: Uint8Array.of(byte) }]);

/** A node under attack, and a line to it on which anything may be said. */
class Siege implements RaftReceiver {
  readonly heard: number[] = [];
  readonly snapshots: { readonly snapshot: IncomingSnapshot; readonly signal: AbortSignal }[] = [];
  readonly chunks: Uint8Array[] = [];
  failure: unknown;

  private constructor(
    readonly node: TestNode,
    readonly line: Line,
  ) {}

  static async lay(): Promise<Siege> {
    const node = await TestNode.start('a');
    const siege = new Siege(node, new Dialler(TransportGrpcConfig.parse({}), undefined).open(node.peer));
    node.transport.receive(siege);
    return siege;
  }

  onFrame(_group: number, _from: bigint, frame: Uint8Array): void {
    this.heard.push(frame[0]!);
  }

  onUnreachable(): void {}
  onQuestion = async (_from: bigint, question: Uint8Array): Promise<Uint8Array> => question;
  keptChunks = async (): Promise<number> => this.chunks.length;

  async onSnapshot(
    snapshot: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    this.snapshots.push({ snapshot, signal });
    try {
      for await (const chunk of chunks) this.chunks.push(chunk);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  frames(): FramesCall {
    return this.#call(METHODS.frames);
  }

  snapshot(): SnapshotCall {
    return this.#call(METHODS.snapshot);
  }

  #call<Request, Response>(
    method: GrpcMethod<Request, Response, Buffer>,
  ): ClientDuplexStream<Request, Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    const { client } = this.line;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());
    return call.on('error', () => undefined);
  }

  async end(): Promise<void> {
    this.line.close();
    await this.node.stop();
  }
}

/** The code with which a call ended; `OK` for a good end. */
function verdictOf(call: FramesCall | SnapshotCall): Promise<string> {
  call.resume();
  return new Promise((resolve) => {
    call.on('status', ({ code, metadata }: StatusObject) => {
      resolve(code === 0 ? 'OK' : (thrownByPeer(metadata)?.code ?? `status ${code}`));
    });
  });
}

function answerOf<Response>(call: ClientDuplexStream<never, Response>): Promise<Response> {
  return new Promise((resolve) => call.once('data', resolve));
}

const startOf = (changes: Partial<peerProto.SnapshotStart> = {}): peerProto.SnapshotRequest => ({
  message: {
    $case: 'start',
    value: { hello: hello(), group: 1n, id: new Uint8Array(16), frame: Uint8Array.of(1), ...changes },
  },
});
const chunkOf = (number: number, length = 10): peerProto.SnapshotRequest => ({
  message: { $case: 'chunk', value: { number: BigInt(number), data: new Uint8Array(length) } },
});
const endOf = (chunks: number): peerProto.SnapshotRequest => ({
  message: { $case: 'end', value: { chunks: BigInt(chunks) } },
});

let siege: Siege;
beforeEach(async () => {
  siege = await Siege.lay();
});
afterEach(() => siege.end());

test.each<[string, (call: FramesCall) => void]>([
  ['frames before a Hello', (call) => call.write({ message: { $case: 'frames', value: batch(1) } })],
  ['a message that says nothing', (call) => call.write({ message: undefined })],
  ['two Hellos', (call) => [1, 2].forEach(() => call.write({ message: { $case: 'hello', value: hello() } }))],
  [
    'a batch that is none',
    (call) => {
      call.write({ message: { $case: 'hello', value: hello() } });
      call.write({ message: { $case: 'frames', value: Uint8Array.of(1, 2, 3) } });
    },
  ],
])('%s ends the call and nothing else', async (_what, misuse) => {
  const call = siege.frames();
  const verdict = verdictOf(call);
  misuse(call);
  expect(await verdict).toBe('MESSAGE_MALFORMED');
  expect(siege.heard).toEqual([]);
  const next = siege.frames();
  next.write({ message: { $case: 'hello', value: hello() } });
  expect((await answerOf(next)).hello?.name).toBe('a');
});

test('the newest call of a peer replaces the one before', async () => {
  const [first, second] = [siege.frames(), siege.frames()];
  const verdict = verdictOf(first);
  first.write({ message: { $case: 'hello', value: hello() } });
  await answerOf(first);
  second.write({ message: { $case: 'hello', value: hello() } });
  await answerOf(second);
  expect(await verdict).toBe('OK');
});

test.each<[string, readonly peerProto.SnapshotRequest[]]>([
  ['a chunk before the start', [chunkOf(0)]],
  ['no Hello', [startOf({ hello: undefined })]],
  ['an id of another length', [startOf({ id: new Uint8Array(3) })]],
  ['a group beyond numbers', [startOf({ group: 2n ** 60n })]],
  ['a chunk before it was asked for', [startOf(), chunkOf(0)]],
])('a snapshot with %s is refused', async (_what, requests) => {
  siege.keptChunks = () => new Promise<number>(() => undefined);
  const call = siege.snapshot();
  const verdict = verdictOf(call);
  for (const request of requests) call.write(request);
  expect(await verdict).toBe('MESSAGE_MALFORMED');
  expect(siege.chunks).toEqual([]);
});

test.each<[string, readonly peerProto.SnapshotRequest[]]>([
  ['out of turn', [chunkOf(1)]],
  ['empty', [chunkOf(0, 0)]],
  ['above a mebibyte', [chunkOf(0, 1024 * 1024 + 1)]],
  ['missing at the end', [chunkOf(0), endOf(2)]],
])('a chunk that is %s ends the transfer at both ends', async (_what, requests) => {
  const call = siege.snapshot();
  call.write(startOf());
  await answerOf(call);
  const verdict = verdictOf(call);
  for (const request of requests) call.write(request);
  expect(await verdict).toBe('MESSAGE_MALFORMED');
  expect(siege.failure).toMatchObject({ code: 'MESSAGE_MALFORMED' });
  expect(siege.snapshots[0]?.signal.aborted).toBe(true);
});

test('a sender that falls silent at the end has not sent a snapshot', async () => {
  const call = siege.snapshot();
  call.write(startOf());
  await answerOf(call);
  const verdict = verdictOf(call);
  call.write(chunkOf(0));
  call.end();
  expect(await verdict).toBe('UNAVAILABLE');
  expect(siege.failure).toMatchObject({ code: 'UNAVAILABLE' });
});

test('a newer transfer of the same group replaces the one before, whose sender gives up', async () => {
  const first = siege.snapshot();
  first.write(startOf());
  await answerOf(first);
  const verdict = verdictOf(first);
  const second = siege.snapshot();
  second.write(startOf({ id: new Uint8Array(16).fill(2) }));
  const { message } = await answerOf(second);
  expect(await verdict).toBe('CANCELLED');
  expect(message).toMatchObject({ $case: 'resume', value: { kept: 0n, window: 4 } });
  second.write(endOf(0));
  expect(await verdictOf(second)).toBe('OK');
  expect(siege.snapshots.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});
