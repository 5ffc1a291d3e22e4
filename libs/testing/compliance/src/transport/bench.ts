import type { Peer, RaftTransport } from '@caisson/contracts';
import { check } from '../check.js';
import { Recorder } from './recorder.js';
import type { TransportHarness, TransportNode } from './transport-harness.js';

const STEP_MS = 20;
const PATIENCE_MS = 15_000;
/** Long enough for what must not happen to happen. */
export const A_WHILE_MS = 300;

/** A node with ears. */
export interface Station {
  readonly peer: Peer;
  readonly transport: RaftTransport;
  readonly heard: Recorder;
}

export function stationOf({ peer, transport }: TransportNode): Station {
  const heard = new Recorder();
  transport.receive(heard);
  return { peer, transport, heard };
}

/** Three nodes that hear, with empty books. */
export function stationsOf({ nodes }: TransportHarness): readonly [Station, Station, Station] {
  const [a, b, c] = nodes;
  return [stationOf(a), stationOf(b), stationOf(c)];
}

/** Three nodes that hear and know each other, the first linked with the second in both directions. */
export async function acquainted(harness: TransportHarness): Promise<readonly [Station, Station, Station]> {
  const stations = stationsOf(harness);
  for (const { peer, transport } of stations) {
    transport.connect(stations.map((each) => each.peer).filter(({ id }) => id !== peer.id));
  }
  const [a, b] = stations;
  await linked(harness, a, b);
  await linked(harness, b, a);
  return stations;
}

const GREETINGS = 0x6e7e;

/** Sends until something arrives: a connection takes its time, and what is sent meanwhile may be lost. */
export async function linked(harness: TransportHarness, from: Station, to: Station): Promise<void> {
  const before = to.heard.in(GREETINGS).length;
  const greeting = () => {
    from.transport.send(GREETINGS, to.peer.id, Uint8Array.of(1));
    return false;
  };
  const arrived = () => to.heard.in(GREETINGS).length > before;
  await until(harness, () => arrived() || greeting(), `${from.peer.name} reaches ${to.peer.name}`);
}

/** How often `from` was told so far that `to` cannot be reached. */
export function reportsOf(from: Station, to: Station): number {
  return from.heard.unreachable.filter((peer) => peer === to.peer.id).length;
}

/** Waits for what must come true in the end; `promise` completes the sentence "expected that …". */
export async function until(
  harness: TransportHarness,
  isTrue: () => boolean,
  promise: string,
): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
    if (isTrue()) return;
    await harness.pass(STEP_MS);
  }
  check(isTrue(), promise);
}

/** Lets time pass until the promise settles, and settles like it. */
export async function settled<T>(harness: TransportHarness, what: string, pending: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => void (isSettled = true);
  pending.then(settle, settle);
  await until(harness, () => isSettled, `${what} comes to an end`);
  return pending;
}

/** A signal that nobody pulls. */
export const never = (): AbortSignal => new AbortController().signal;

/** Bytes that tell `number`, at least four of them. */
export function bytesOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(number * 31);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** The number that bytes tell. */
export function numberIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
