import { createDeferred } from '@caisson/base';
import { CaissonError, type Clock, type OutgoingSnapshot, type Peer, type Random } from '@caisson/contracts';
import { peerProto } from '@caisson/formats';
import { type ClientDuplexStream, Metadata, type StatusObject } from '@grpc/grpc-js';
import { Backoff } from './backoff.js';
import type { TransportGrpcConfig } from './config.js';
import { type Dialler, type Line, METHODS } from './dialler.js';
import type { Greeter } from './hello.js';
import type { TransportMeters } from './meters.js';

type Call = ClientDuplexStream<peerProto.SnapshotRequest, peerProto.SnapshotResponse>;

export interface SnapshotSenderParts {
  readonly config: TransportGrpcConfig;
  readonly dialler: Dialler;
  readonly greeter: Greeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly meters: TransportMeters;
  /** The peer as the address book has it now. */
  readonly find: (peer: bigint) => Peer | undefined;
}

/** Thrown for what another attempt may get over. */
class Break {
  constructor(readonly cause: CaissonError) {}
}

/** What the receiver lets us do. */
interface Allowance {
  readonly first: number;
  readonly window: number;
}

/** Streams snapshots out, each attempt on a line of its own, until the receiver has it or says no. */
export class SnapshotSender {
  readonly #active = new Set<{ readonly to: bigint; readonly controller: AbortController }>();

  constructor(private readonly parts: SnapshotSenderParts) {}

  async send(group: number, to: bigint, snapshot: OutgoingSnapshot, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const active = { to, controller };
    this.#active.add(active);
    try {
      await this.#untilStored(group, to, snapshot, controller.signal);
    } finally {
      this.#active.delete(active);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Gives up transfers to peers that left the address book. */
  retain(isAdmitted: (peer: bigint) => boolean): void {
    for (const { to, controller } of this.#active) if (!isAdmitted(to)) controller.abort(left());
  }

  async #untilStored(
    group: number,
    to: bigint,
    snapshot: OutgoingSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const { random, config, clock } = this.parts;
    const backoff = new Backoff(random, config.timing);
    for (;;) {
      const peer = this.parts.find(to);
      if (!peer) throw left();
      const attempt = new SnapshotAttempt(peer, this.parts, () => backoff.reset());
      try {
        return await attempt.run(group, snapshot, signal);
      } catch (error) {
        if (!(error instanceof Break)) throw error;
      }
      await clock.sleep(backoff.nextMs(), signal);
    }
  }
}

/** One call to the receiver, from where it is to its verdict, or until it breaks. */
class SnapshotAttempt {
  readonly #line: Line;
  readonly #call: Call;
  /** Rejects once nothing more can come of this attempt. */
  readonly #failure = createDeferred<never>();
  readonly #resumed = createDeferred<Allowance>();
  readonly #stored = createDeferred<void>();
  #taken = 0;
  #isStored = false;
  #onTaken: () => void = () => undefined;

  constructor(
    private readonly peer: Peer,
    private readonly parts: SnapshotSenderParts,
    private readonly onResumed: () => void,
  ) {
    this.#line = parts.dialler.open(peer);
    const { path, requestSerialize, responseDeserialize } = METHODS.snapshot;
    this.#call = this.#line.client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      new Metadata(),
      {},
    );
    this.#failure.promise.catch(() => undefined);
    this.#call.on('error', () => undefined);
    this.#call.on('data', (response: peerProto.SnapshotResponse) => this.#onResponse(response));
    this.#call.on('status', (status: StatusObject) => this.#onStatus(status));
  }

  async run(group: number, snapshot: OutgoingSnapshot, signal: AbortSignal): Promise<void> {
    const { greeter, clock, config } = this.parts;
    const { id, frame } = snapshot;
    const onAbort = (): void => this.#failure.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const silence = () => this.#failure.reject(new Break(this.#silence()));
    const cancelTimeout = clock.after(config.timing.connectMs, silence);
    // The receiver answers at once with its metadata; what it keeps may take it a while to say.
    this.#call.once('metadata', cancelTimeout);
    try {
      signal.throwIfAborted();
      const hello = greeter.helloTo(this.peer.name);
      this.#say({ $case: 'start', value: { hello, group: BigInt(group), id, frame } });
      const allowance = await this.#unlessFailed(this.#resumed.promise);
      this.onResumed();
      await this.#sendChunks(snapshot, allowance);
      await this.#unlessFailed(this.#stored.promise);
    } finally {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      this.#call.cancel();
      this.#line.close();
    }
  }

  async #sendChunks(snapshot: OutgoingSnapshot, { first, window }: Allowance): Promise<void> {
    const labels = { peer: this.peer.name };
    let next = first;
    for await (const data of snapshot.chunks(first)) {
      this.#say({ $case: 'chunk', value: { number: BigInt(next++), data } });
      this.parts.meters.snapshotBytesSent.add(data.length, labels);
      while (!this.#isStored && next - this.#taken >= window) {
        await this.#unlessFailed(new Promise<void>((resolve) => (this.#onTaken = resolve)));
      }
      if (this.#isStored) return;
    }
    this.#say({ $case: 'end', value: { chunks: BigInt(next) } });
  }

  #unlessFailed<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([this.#failure.promise, promise]);
  }

  #say(message: peerProto.SnapshotRequest['message']): void {
    this.#call.write({ message });
  }

  #onResponse({ message }: peerProto.SnapshotResponse): void {
    if (message?.$case === 'resume') return this.#onResume(message.value);
    if (message?.$case === 'taken') this.#taken = Number(message.value);
    if (message?.$case === 'stored') {
      this.#isStored = true;
      this.#stored.resolve();
    }
    this.#onTaken();
  }

  #onResume({ hello, kept, window }: peerProto.SnapshotResume): void {
    try {
      this.parts.greeter.checkAnswer(hello, this.peer.name);
    } catch (error) {
      return this.#failure.reject(error);
    }
    this.#taken = Number(kept);
    this.#resumed.resolve({ first: Number(kept), window: Math.max(1, window) });
  }

  /** A verdict of the receiver is final, except that it is not ready yet; all else may be gone in a while. */
  #onStatus(status: StatusObject): void {
    if (this.#isStored) return;
    const error = this.#line.failureOf(status);
    const mayPass = !this.#line.isVerdict(status) || error.code === 'UNAVAILABLE';
    this.#failure.reject(mayPass ? new Break(error) : error);
  }

  #silence(): CaissonError {
    const { name: peer, address } = this.peer;
    return new CaissonError('UNAVAILABLE', { peer, address, reason: 'no answer within connectMs' });
  }
}

function left(): CaissonError {
  return new CaissonError('UNAVAILABLE', { reason: 'the peer is not in the address book' });
}
