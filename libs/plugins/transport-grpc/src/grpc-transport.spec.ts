import { InvariantError } from '@caisson/base';
import type { Peer, RaftReceiver } from '@caisson/contracts';
import { freePort, type NodeOptions, TestNode } from '../testdata/nodes.js';
import { TransportGrpcConfig } from './config.js';
import { GrpcTransport } from './grpc-transport.js';

const PATIENCE_MS = 15_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const never = () => new AbortController().signal;

async function until(isTrue: () => boolean): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS && !isTrue(); waited += 10) await pause(10);
  expect(isTrue()).toBe(true);
}

/** Hears frames and reports; answers questions with themselves. */
class Ear implements RaftReceiver {
  readonly frames: { readonly group: number; readonly from: bigint; readonly frame: Uint8Array }[] = [];
  readonly unreachable: bigint[] = [];

  onFrame(group: number, from: bigint, frame: Uint8Array): void {
    this.frames.push({ group, from, frame });
  }

  onUnreachable(peer: bigint): void {
    this.unreachable.push(peer);
  }

  onQuestion = async (_from: bigint, question: Uint8Array): Promise<Uint8Array> => question;
  keptChunks = async (): Promise<number> => 0;

  async onSnapshot(_snapshot: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) expect(chunk.length).toBeGreaterThan(0);
  }
}

const nodes: TestNode[] = [];

async function start(name: string, options: NodeOptions = {}): Promise<{ node: TestNode; ear: Ear }> {
  const node = await TestNode.start(name, options);
  nodes.push(node);
  const ear = new Ear();
  node.transport.receive(ear);
  return { node, ear };
}

async function pair(options: NodeOptions = {}) {
  const [a, b] = [await start('a', options), await start('b', options)];
  a.node.transport.connect([b.node.peer]);
  b.node.transport.connect([a.node.peer]);
  await until(() => a.node.tally.of('peer_connected') === 1 && b.node.tally.of('peer_connected') === 1);
  return { a, b };
}

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

test('small frames of one turn share a write', async () => {
  const { a, b } = await pair();
  const frame = new Uint8Array(64);
  for (let at = 0; at < 5000; at++) a.node.transport.send(at % 7, b.node.peer.id, frame);
  await until(() => b.ear.frames.length === 5000);
  expect(a.node.tally.of('peer_frames_sent_total')).toBe(5000);
  expect(b.node.tally.of('peer_frames_received_total')).toBe(5000);
  expect(a.node.tally.of('peer_batches_sent_total')).toBeLessThanOrEqual(5);
});

test('all groups share one connection per direction, and a snapshot has one of its own', async () => {
  const { a, b } = await pair();
  for (let group = 0; group < 20; group++) a.node.transport.send(group, b.node.peer.id, Uint8Array.of(1));
  await until(() => b.ear.frames.length === 20);
  expect([a.node.wire.connections, b.node.wire.connections]).toEqual([1, 1]);
  const snapshot = {
    id: new Uint8Array(16),
    frame: Uint8Array.of(1),
    chunks: async function* () {
      yield Uint8Array.of(1, 2, 3);
    },
  };
  await a.node.transport.sendSnapshot(1, b.node.peer.id, snapshot, never());
  expect([a.node.wire.connections, b.node.wire.connections]).toEqual([1, 2]);
  expect(a.node.tally.of('peer_snapshot_sent_bytes_total')).toBe(3);
  expect(b.node.tally.of('peer_snapshot_received_bytes_total')).toBe(3);
});

test('what waits for a peer that never reads is bounded, and a silent connection is given up', async () => {
  const limits = { queueFramesMax: 100, queueBytesMax: 1024 * 1024, batchBytesMax: 64 * 1024 };
  const timing = { keepaliveMs: 200, keepaliveTimeoutMs: 300, backoffMsMin: 20, backoffMsMax: 100 };
  const { a, b } = await pair({ config: { limits, timing } });
  b.node.wire.stall();
  const frame = new Uint8Array(16 * 1024);
  for (let at = 0; at < 2000; at++) {
    a.node.transport.send(1, b.node.peer.id, frame);
    if (at % 50 === 0) await pause(1);
  }
  const [sent, dropped] = ['peer_frames_sent_total', 'peer_frames_dropped_total'].map((name) =>
    a.node.tally.of(name),
  );
  // What may be unwritten, and what the sockets on the way hold.
  expect(sent! * frame.length).toBeLessThan(6 * 1024 * 1024);
  expect(dropped).toBeGreaterThan(1500);
  expect(a.ear.unreachable).toContain(b.node.peer.id);
  await until(() => a.node.tally.of('peer_connected') === 0);
  b.node.wire.mend();
  await until(() => a.node.tally.of('peer_connected') === 1);
  expect(a.node.tally.of('peer_connects_total')).toBeGreaterThanOrEqual(2);
});

test('a peer that restarts is found again, in both directions', async () => {
  const { a, b } = await pair();
  const { peer, wire } = b.node;
  b.node.transport.stop();
  await until(() => a.node.tally.of('peer_connected') === 0);
  expect(a.ear.unreachable).toContain(peer.id);
  const again = await start('b', { config: { advertise: wire.address } });
  wire.lead(Number(again.node.listen.slice(again.node.listen.indexOf(':') + 1)));
  again.node.transport.connect([a.node.peer]);
  await until(() => a.node.tally.of('peer_connected') === 1);
  a.node.transport.send(1, peer.id, Uint8Array.of(1));
  again.node.transport.send(1, a.node.peer.id, Uint8Array.of(2));
  await until(() => again.ear.frames.length === 1 && a.ear.frames.length === 1);
});

test('a peer that shows up is dialled at once, however long the pause would be', async () => {
  const timing = { backoffMsMin: 60_000, backoffMsMax: 60_000 };
  const a = await start('a', { config: { timing } });
  const b = await start('b');
  const { peer } = b.node;
  b.node.wire.cut();
  a.node.transport.connect([peer]);
  await until(() => a.node.log.lines.some(({ message }) => message === 'cannot reach a peer'));
  b.node.wire.mend();
  b.node.transport.connect([a.node.peer]);
  await until(() => a.node.tally.of('peer_connected') === 1);
});

test('a frame above the limit is dropped with an error in the log, and the connection stands', async () => {
  const { a, b } = await pair({ config: { limits: { frameBytesMax: 1024 * 1024 } } });
  a.node.transport.send(1, b.node.peer.id, new Uint8Array(1024 * 1024 + 1));
  a.node.transport.send(1, b.node.peer.id, new Uint8Array(1024 * 1024));
  await until(() => b.ear.frames.length === 1);
  expect(a.node.log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  expect(a.ear.unreachable).toEqual([b.node.peer.id]);
  expect(a.node.tally.of('peer_connects_total')).toBe(1);
});

test('nodes without a common version refuse each other, and say so in their health', async () => {
  const old = await start('a');
  const young = await start('b', { protocol: { min: 2, max: 3 } });
  for (const [from, to] of [
    [old, young],
    [young, old],
  ] as const) {
    const asking = from.node.transport.ask(to.node.peer, Uint8Array.of(1), never());
    await expect(asking).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
  }
  old.node.transport.connect([young.node.peer]);
  await until(() => old.node.transport.healthReport().status === 'degraded');
  expect(old.node.transport.healthReport().reason).toContain('b (PROTOCOL_MISMATCH)');
  expect(young.ear.frames).toEqual([]);
});

test('neighbours in versions talk', async () => {
  const old = await start('a', { protocol: { min: 1, max: 2 } });
  const young = await start('b', { protocol: { min: 2, max: 3 } });
  const answer = await old.node.transport.ask(young.node.peer, Uint8Array.of(7), never());
  expect(answer).toEqual(Uint8Array.of(7));
});

test('two transports of one process share nothing: one stops, the others go on', async () => {
  const { a, b } = await pair();
  const c = await start('c');
  const everyone: Peer[] = [a.node.peer, b.node.peer, c.node.peer];
  for (const { node } of [a, b, c]) node.transport.connect(everyone);
  await until(() => {
    c.node.transport.send(1, b.node.peer.id, Uint8Array.of(3));
    return b.ear.frames.length > 0;
  });
  const before = c.node.tally.of('peer_connects_total');
  a.node.transport.stop();
  a.node.transport.stop();
  a.node.transport.send(1, b.node.peer.id, Uint8Array.of(1));
  const heard = b.ear.frames.length;
  c.node.transport.send(1, b.node.peer.id, Uint8Array.of(4));
  await until(() => b.ear.frames.length > heard);
  expect(b.ear.frames.every(({ from }) => from === c.node.peer.id)).toBe(true);
  expect(c.node.tally.of('peer_connects_total')).toBe(before);
  const asking = a.node.transport.ask(b.node.peer, Uint8Array.of(1), never());
  await expect(asking).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a node that stops ends what it was asked and what it asked', async () => {
  const { a, b } = await pair();
  let heard: AbortSignal | undefined;
  b.ear.onQuestion = (_from: bigint, _question: Uint8Array, signal?: AbortSignal) => {
    heard = signal;
    return new Promise<Uint8Array>(() => undefined);
  };
  const asking = a.node.transport.ask(b.node.peer, Uint8Array.of(1), never());
  asking.catch(() => undefined);
  await until(() => heard !== undefined);
  b.node.transport.stop();
  await expect(asking).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(heard?.aborted).toBe(true);
});

test('a question that nobody limits has a limit', async () => {
  const { a, b } = await pair({ config: { timing: { questionMs: 150 } } });
  b.ear.onQuestion = () => new Promise<Uint8Array>(() => undefined);
  const asking = a.node.transport.ask(b.node.peer, Uint8Array.of(1), never());
  await expect(asking).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

test('questions beyond the limit are refused, not queued', async () => {
  const { a, b } = await pair({ config: { limits: { questionsMax: 2 } } });
  let waiting = 0;
  b.ear.onQuestion = () => {
    waiting++;
    return new Promise<Uint8Array>(() => undefined);
  };
  const stop = new AbortController();
  const ask = () => a.node.transport.ask(b.node.peer, Uint8Array.of(1), stop.signal);
  const open = [ask(), ask()];
  for (const each of open) each.catch(() => undefined);
  await until(() => waiting === 2);
  await expect(ask()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  stop.abort();
  await Promise.allSettled(open);
});

describe('an address', () => {
  const transport = (config: Record<string, unknown>) =>
    new GrpcTransport(TransportGrpcConfig.parse(config), {} as never);

  test('is known from the start on, and not before', () => {
    expect(() => transport({}).address).toThrow(InvariantError); // TRANSPORT-1
    expect(() => transport({}).connect([])).toThrow(InvariantError);
  });

  test('that others can reach takes no plaintext', async () => {
    const exposed = transport({ listen: '0.0.0.0:0', advertise: 'node:1' });
    await expect(exposed.start()).rejects.toMatchObject({ code: 'INSECURE_ADDRESS' });
    const { node } = await start('a');
    const asking = node.transport.ask({ name: 'b', address: '192.0.2.1:7800' }, Uint8Array.of(1), never());
    await expect(asking).rejects.toMatchObject({ code: 'INSECURE_ADDRESS' });
  });

  test('takes plaintext where the configuration insists, and health keeps saying so', async () => {
    const listen = `0.0.0.0:${await freePort()}`;
    const { node } = await start('a', { config: { listen, insecure: true } });
    expect(node.transport.healthReport()).toMatchObject({ status: 'degraded' });
    expect(node.log.lines.some(({ level }) => level === 'warn')).toBe(true);
  });

  test('that is taken says so', async () => {
    const { node } = await start('a');
    await expect(start('b', { config: { listen: node.listen } })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
  });

  test('of all interfaces is nothing to tell peers', () => {
    expect(TransportGrpcConfig.safeParse({ listen: '0.0.0.0:7800', insecure: true }).success).toBe(false);
    expect(TransportGrpcConfig.safeParse({ listen: '[::]:7800', advertise: 'n1:7800' }).success).toBe(true);
  });
});
