import type { KvService } from '@caisson/contracts';
import { decodeResponses, encodeGetRequest, encodeRequests, OP, type proto } from '@caisson/formats';
import { EventEmitter } from 'node:events';
import { KvStream, type StreamParts } from './kv-stream.js';

const VALUE = new Uint8Array(300 * 1024);

/** The far end of a stream, which takes an answer only when told to. */
class SlowCall extends EventEmitter {
  takes = false;
  answered = 0;

  write({ messages }: proto.Frame): boolean {
    this.answered += decodeResponses(messages).length;
    return this.takes;
  }

  pause(): void {}
  resume(): void {}
  end(): void {}
}

function openStream() {
  const seen = { gets: 0, aborted: 0 };
  const kv = {
    get: async (_: unknown, { signal }: { signal: AbortSignal }) => {
      seen.gets++;
      await new Promise(setImmediate);
      if (signal.aborted) seen.aborted++;
      return { found: { value: VALUE, commitTs: 1n, expireAt: 0n }, readTs: 3n, staleMs: 0 };
    },
  };
  const clock = {
    monotonicMs: () => 0,
    after: () => () => undefined,
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  const parts = {
    kv: kv as unknown as KvService,
    clock,
    logger: { log: () => undefined },
    limits: { streamRequestsMax: 1000, deadlineMs: 1000 },
    require: () => undefined,
  } as unknown as StreamParts;
  const call = new SlowCall();
  new KvStream(call as unknown as ConstructorParameters<typeof KvStream>[0], parts, () => undefined);
  const body = encodeGetRequest({ key: Uint8Array.of(1) });
  const requests = Array.from({ length: 1000 }, (_, at) => ({ id: at + 1, op: OP.get, deadlineMs: 0, body }));
  call.emit('data', { messages: encodeRequests(requests) });
  return { call, seen };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

test('no more values are read for a client that takes none, and all once it does', async () => {
  const { call, seen } = openStream();
  await turns(50);
  expect(seen.gets).toBeLessThan(100);
  call.takes = true;
  call.emit('drain');
  await turns(200);
  expect(call.answered).toBe(1000);
});

test('reads that wait for a client that left end with it', async () => {
  const { call, seen } = openStream();
  await turns(50);
  const before = seen.gets;
  call.emit('cancelled');
  await turns(200);
  expect(seen.gets).toBe(1000);
  expect(seen.aborted).toBe(1000 - before);
});
