import { createDeferred, type Deferred } from '@caisson/base';
import { CaissonError, toCaissonError } from '@caisson/contracts';
import {
  decodeResponses,
  decodeWireError,
  encodeRequests,
  OP,
  requestBytes,
  STATUS,
  type RequestMessage,
  type ResponseMessage,
} from '@caisson/formats';

/** A bidirectional stream of frames, whatever carries it. */
export interface FrameStream {
  send(frame: Uint8Array): void;
  /** Ends our side; the peer answers what it has and ends its own. */
  end(): void;
}

export interface FrameListener {
  onFrame(frame: Uint8Array): void;
  /** Called once. Nothing arrives afterwards. `isTooLarge`: because of the size of one message. */
  onEnd(error: CaissonError, isTooLarge?: boolean): void;
}

/** Opens a stream; the listener may be called from then on. */
export type OpenStream = (listener: FrameListener) => FrameStream;

interface Pending {
  readonly deferred: Deferred<Uint8Array>;
  readonly bytes: number;
}

const FRAME_BYTES = 256 * 1024;
const ID_MAX = 0xffff_ffff;

/**
 * Many requests over one stream, told apart by ids.
 *
 * Requests made in one turn of the loop share a frame: a frame costs the transport far more than a request.
 * When the stream ends, every request in flight fails with its reason, and the next request opens a new
 * stream.
 */
export class MultiplexedChannel {
  readonly #pending = new Map<number, Pending>();
  #stream: FrameStream | undefined;
  #outgoing: RequestMessage[] = [];
  #outgoingBytes = 0;
  #scheduled = false;
  #lastId = 0;
  #closed = false;

  constructor(private readonly open: OpenStream) {}

  /**
   * Sends one request and resolves with the body of its answer.
   *
   * Rejects with the server's error, or with the reason why the stream ended: then the request may have had
   * its effect. An aborted signal rejects at once and tells the server to give up.
   */
  async call(
    op: number,
    body: Uint8Array,
    options: { deadlineMs: number; signal?: AbortSignal },
  ): Promise<Uint8Array> {
    if (this.#closed) throw new CaissonError('CANCELLED', { reason: 'the client is closed' });
    options.signal?.throwIfAborted();
    const id = this.#takeId();
    const deferred = createDeferred<Uint8Array>();
    this.#pending.set(id, { deferred, bytes: requestBytes(body) });
    this.#enqueue({ id, op, deadlineMs: Math.ceil(options.deadlineMs), body });
    const abort = () => this.#giveUp(id, options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      return await deferred.promise;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  close(): void {
    this.#closed = true;
    const stream = this.#stream;
    this.#stream = undefined;
    this.#failAll(new CaissonError('CANCELLED', { reason: 'the client is closed' }));
    stream?.end();
  }

  #takeId(): number {
    do this.#lastId = this.#lastId >= ID_MAX ? 1 : this.#lastId + 1;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #enqueue(request: RequestMessage): void {
    this.#outgoing.push(request);
    this.#outgoingBytes += requestBytes(request.body);
    if (this.#outgoingBytes >= FRAME_BYTES) return this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const requests = this.#outgoing;
    if (requests.length === 0) return;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    this.#stream ??= this.#openStream();
    this.#stream.send(encodeRequests(requests));
  }

  #openStream(): FrameStream {
    const stream: FrameStream = this.open({
      onFrame: (frame) => this.#onFrame(frame, stream),
      onEnd: (error, isTooLarge = false) => {
        if (this.#stream !== stream) return;
        this.#stream = undefined;
        this.#failAll(error, isTooLarge);
      },
    });
    return stream;
  }

  #onFrame(frame: Uint8Array, stream: FrameStream): void {
    let responses: readonly ResponseMessage[];
    try {
      responses = decodeResponses(frame);
    } catch (error) {
      // Whatever speaks there is no server of ours: nothing more of it is believed.
      if (this.#stream === stream) this.#stream = undefined;
      this.#failAll(toCaissonError(error));
      stream.end();
      return;
    }
    for (const { id, status, body } of responses) {
      const pending = this.#pending.get(id);
      // Answers to requests that were given up arrive late and find nobody.
      if (!pending) continue;
      this.#pending.delete(id);
      if (status === STATUS.ok) pending.deferred.resolve(body);
      else pending.deferred.reject(decodeWireError(body));
    }
  }

  #giveUp(id: number, reason: unknown): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    pending.deferred.reject(reason);
    this.#enqueue({ id, op: OP.cancel, deadlineMs: 0, body: new Uint8Array(0) });
  }

  /**
   * One message that is too large ends the stream for all. Only requests that do not fit beside others can be
   * to blame; what shared the stream with them is as unanswered as after any break.
   */
  #failAll(error: CaissonError, isTooLarge = false): void {
    const failed = [...this.#pending.values()];
    this.#pending.clear();
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    const isMixed = isTooLarge && failed.some(({ bytes }) => bytes >= FRAME_BYTES);
    const broken = isMixed ? new CaissonError('UNAVAILABLE', {}, { cause: error }) : error;
    for (const { deferred, bytes } of failed)
      deferred.reject(isMixed && bytes >= FRAME_BYTES ? tooLarge(error, bytes) : broken);
  }
}

function tooLarge({ details }: CaissonError, bytes: number): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { ...details, field: 'request', bytes });
}
