import {
  CaissonError,
  type Clock,
  type ErrorCode,
  type Logger,
  type Peer,
  type Random,
  toCaissonError,
} from '@caisson/contracts';
import { encodeRaftFrames, peerProto } from '@caisson/formats';
import { type ClientDuplexStream, Metadata, type StatusObject } from '@grpc/grpc-js';
import { Backoff } from './backoff.js';
import type { TransportGrpcConfig } from './config.js';
import { type Dialler, type Line, METHODS } from './dialler.js';
import { FrameQueue } from './frame-queue.js';
import type { Greeter } from './hello.js';
import type { TransportMeters } from './meters.js';

type Call = ClientDuplexStream<peerProto.FramesRequest, peerProto.FramesResponse>;

/** Batches are handed to the connection while less than this of them is unwritten. */
const UNWRITTEN_BYTES_MAX = 1024 * 1024;

export interface LinkParts {
  readonly config: TransportGrpcConfig;
  readonly dialler: Dialler;
  readonly greeter: Greeter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meters: TransportMeters;
  /** Frames to the peer were lost, or its connection broke. */
  readonly onUnreachable: (peer: bigint) => void;
}

/** One attempt to reach the peer, from dialling to the end of its call. */
interface Attempt {
  readonly line: Line;
  readonly call: Call;
  readonly cancelTimeout: () => void;
  isOpen: boolean;
}

/**
 * The way to one peer: frames of all groups on one call, batched per turn of the loop.
 *
 * Frames wait, within bounds, while the connection is made or busy. They do not wait out a pause between
 * attempts: what is dropped then is stale by the time the peer is back. Dropping is reported once until the
 * queue was empty again or a new attempt began.
 */
export class PeerLink {
  readonly #queue: FrameQueue;
  readonly #backoff: Backoff;
  readonly #labels: { readonly peer: string };
  #attempt: Attempt | undefined;
  #cancelPause: (() => void) | undefined;
  #unwritten = 0;
  #isFlushing = false;
  #isReported = false;
  #isClosed = false;
  #refusal: CaissonError | undefined;
  /** So that a peer that stays away is told of once, and again when the reason changes. */
  #lastFailure: ErrorCode | undefined;

  constructor(
    readonly peer: Peer,
    private readonly parts: LinkParts,
  ) {
    this.#queue = new FrameQueue(parts.config.limits);
    this.#backoff = new Backoff(parts.random, parts.config.timing);
    this.#labels = { peer: peer.name };
    this.#dial();
  }

  /** Why the peer does not take our frames, where it is more than a broken network. */
  get refusal(): CaissonError | undefined {
    return this.#refusal;
  }

  send(group: number, frame: Uint8Array): void {
    const fits = frame.length <= this.parts.config.limits.frameBytesMax;
    if (fits && this.#attempt && this.#queue.push({ group, frame })) return this.#scheduleFlush();
    if (!fits) {
      const { name: peer } = this.peer;
      this.parts.logger.log('error', 'dropped a frame above frameBytesMax', { peer, bytes: frame.length });
    }
    this.#dropped(1);
  }

  /** The peer shows signs of life: no reason to wait any longer. */
  wake(): void {
    if (!this.#cancelPause) return;
    this.#cancelPause();
    this.#dial();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPause?.();
    this.#queue.clear();
    this.#hangUp();
    this.parts.meters.connected.set(0, this.#labels);
  }

  #dial(): void {
    const { dialler, greeter, clock, config } = this.parts;
    this.#cancelPause = undefined;
    this.#isReported = false;
    let line: Line;
    try {
      line = dialler.open(this.peer);
    } catch (error) {
      return this.#failed(toCaissonError(error), true);
    }
    const { path, requestSerialize, responseDeserialize } = METHODS.frames;
    const call = line.client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      new Metadata(),
      {},
    );
    const cancelTimeout = clock.after(config.timing.connectMs, () => this.#failed(this.#silence(), false));
    const attempt: Attempt = { line, call, cancelTimeout, isOpen: false };
    this.#attempt = attempt;
    this.#unwritten = 0;
    call.on('error', () => undefined);
    call.on('data', ({ hello }: peerProto.FramesResponse) => this.#onHello(attempt, hello));
    call.on('status', (status: StatusObject) => this.#onEnd(attempt, status));
    call.write({ message: { $case: 'hello', value: greeter.helloTo(this.peer.name) } });
  }

  #onHello(attempt: Attempt, hello: peerProto.Hello | undefined): void {
    if (attempt !== this.#attempt || attempt.isOpen) return;
    try {
      this.parts.greeter.checkAnswer(hello, this.peer.name);
    } catch (error) {
      this.#hangUp();
      return this.#failed(toCaissonError(error), true);
    }
    attempt.cancelTimeout();
    attempt.isOpen = true;
    this.#refusal = undefined;
    this.#lastFailure = undefined;
    this.#backoff.reset();
    const { meters, logger } = this.parts;
    meters.connects.add(1, this.#labels);
    meters.connected.set(1, this.#labels);
    logger.log('info', 'reached a peer', { peer: this.peer.name, address: this.peer.address });
    this.#flush();
  }

  #onEnd(attempt: Attempt, status: StatusObject): void {
    if (attempt !== this.#attempt) return;
    const { line } = attempt;
    this.#failed(line.failureOf(status), line.isVerdict(status));
  }

  #failed(error: CaissonError, isVerdict: boolean): void {
    const { clock, logger, meters } = this.parts;
    const wasOpen = this.#attempt?.isOpen === true;
    const isNews = wasOpen || this.#lastFailure !== error.code;
    this.#lastFailure = error.code;
    this.#hangUp();
    this.#refusal = isVerdict ? error : undefined;
    const level = isNews ? 'warn' : 'debug';
    logger.log(level, wasOpen ? 'lost a peer' : 'cannot reach a peer', { peer: this.peer.name, error });
    meters.connected.set(0, this.#labels);
    const lost = this.#queue.clear();
    if (wasOpen || lost > 0) this.#dropped(lost);
    this.#cancelPause = clock.after(this.#backoff.nextMs(), () => this.#dial());
  }

  #silence(): CaissonError {
    const { name: peer, address } = this.peer;
    return new CaissonError('UNAVAILABLE', { peer, address, reason: 'no answer within connectMs' });
  }

  #hangUp(): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#attempt = undefined;
    attempt.cancelTimeout();
    attempt.call.cancel();
    attempt.line.close();
  }

  #dropped(frames: number): void {
    if (frames > 0) this.parts.meters.framesDropped.add(frames, this.#labels);
    if (this.#isReported || this.#isClosed) return;
    this.#isReported = true;
    this.parts.onUnreachable(this.peer.id);
  }

  #scheduleFlush(): void {
    if (this.#isFlushing || !this.#attempt?.isOpen) return;
    if (this.#queue.bytes >= this.parts.config.limits.batchBytesMax) return this.#flush();
    this.#isFlushing = true;
    void this.parts.clock.turn().then(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  /** Hands over batches while the connection takes them; goes on when it has written one. */
  #flush(): void {
    const attempt = this.#attempt;
    if (!attempt?.isOpen) return;
    while (this.#queue.length > 0 && this.#unwritten < UNWRITTEN_BYTES_MAX) this.#writeBatch(attempt);
    if (this.#queue.length === 0) this.#isReported = false;
  }

  #writeBatch(attempt: Attempt): void {
    const { meters, config } = this.parts;
    const frames = this.#queue.take(config.limits.batchBytesMax);
    const batch = encodeRaftFrames(frames);
    this.#unwritten += batch.length;
    meters.framesSent.add(frames.length, this.#labels);
    meters.batchesSent.add(1, this.#labels);
    meters.bytesSent.add(batch.length, this.#labels);
    attempt.call.write({ message: { $case: 'frames', value: batch } }, () => {
      if (attempt !== this.#attempt) return;
      this.#unwritten -= batch.length;
      this.#flush();
    });
  }
}
