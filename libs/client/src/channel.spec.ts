import { CaissonError } from '@caisson/contracts';
import {
  decodeRequests,
  encodeResponses,
  encodeWireError,
  OP,
  STATUS,
  type RequestMessage,
} from '@caisson/formats';
import { MultiplexedChannel, type FrameListener } from './index.js';

class FakeServer {
  readonly frames: RequestMessage[][] = [];
  readonly listeners: FrameListener[] = [];

  open = (listener: FrameListener) => {
    this.listeners.push(listener);
    return {
      send: (frame: Uint8Array) => void this.frames.push([...decodeRequests(frame)]),
      end: () => undefined,
    };
  };

  answer(id: number, body: Uint8Array): void {
    this.listeners.at(-1)!.onFrame(encodeResponses([{ id, status: STATUS.ok, body }]));
  }
}

const turn = () => new Promise(setImmediate);
const limits = { deadlineMs: 1000 };

test('requests of one turn share a frame, and answers find their request in any order', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const calls = [1, 2, 3].map((n) => channel.call(OP.get, Uint8Array.of(n), limits));
  await turn();
  expect(server.frames).toHaveLength(1);
  for (const { id, body } of [...server.frames[0]!].reverse())
    server.answer(id, Uint8Array.of(body[0]! * 10));
  expect(await Promise.all(calls)).toEqual([Uint8Array.of(10), Uint8Array.of(20), Uint8Array.of(30)]);
  expect(channel.inFlight).toBe(0);
});

test('an error answer rejects with the same code and details', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const call = channel.call(OP.get, new Uint8Array(0), limits);
  await turn();
  const body = encodeWireError(new CaissonError('ENCRYPTED_READ_INTEGRITY', { group: 1 }));
  server.listeners[0]!.onFrame(
    encodeResponses([{ id: server.frames[0]![0]!.id, status: STATUS.error, body }]),
  );
  await expect(call).rejects.toMatchObject({ code: 'ENCRYPTED_READ_INTEGRITY', details: { group: 1 } });
});

test('an abort rejects at once and tells the server; a late answer finds nobody', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const controller = new AbortController();
  const call = channel.call(OP.get, new Uint8Array(0), { ...limits, signal: controller.signal });
  await turn();
  controller.abort(new CaissonError('CANCELLED'));
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  await turn();
  const { id } = server.frames[0]![0]!;
  expect(server.frames[1]).toMatchObject([{ id, op: OP.cancel }]);
  expect(() => server.answer(id, new Uint8Array(1))).not.toThrow();
});

test('a lost stream fails what was in flight, and the next request opens another', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const lost = channel.call(OP.get, new Uint8Array(0), limits);
  await turn();
  server.listeners[0]!.onEnd(new CaissonError('UNAVAILABLE'));
  await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  const next = channel.call(OP.get, new Uint8Array(0), limits);
  await turn();
  expect(server.listeners).toHaveLength(2);
  server.answer(server.frames[1]![0]!.id, Uint8Array.of(7));
  expect(await next).toEqual(Uint8Array.of(7));
});

test('a closed channel fails its requests and takes no more', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const pending = channel.call(OP.get, new Uint8Array(0), limits);
  await turn();
  channel.close();
  await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(channel.call(OP.get, new Uint8Array(0), limits)).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('a message that is too large fails those it can be due to; the others may be repeated', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const small = channel.call(OP.get, new Uint8Array(0), limits);
  const large = channel.call(OP.write, new Uint8Array(1024 * 1024), limits);
  const settled = Promise.allSettled([small, large]);
  await turn();
  server.listeners[0]!.onEnd(new CaissonError('INVALID_ARGUMENT', { reason: 'larger than 9' }), true);
  const details = { field: 'request', bytes: expect.any(Number), reason: 'larger than 9' };
  expect(await settled).toMatchObject([
    { reason: { code: 'UNAVAILABLE' } },
    { reason: { code: 'INVALID_ARGUMENT', details } },
  ]);
});

test('a frame that cannot be read fails what was in flight, and the next request opens another stream', async () => {
  const server = new FakeServer();
  const channel = new MultiplexedChannel(server.open);
  const call = channel.call(OP.get, new Uint8Array(0), limits);
  await turn();
  server.listeners[0]!.onFrame(Uint8Array.of(1, 2, 3));
  await expect(call).rejects.toMatchObject({ code: 'MESSAGE_MALFORMED' });
  void channel.call(OP.get, new Uint8Array(0), limits).catch(() => undefined);
  await turn();
  expect(server.listeners).toHaveLength(2);
  channel.close();
});
