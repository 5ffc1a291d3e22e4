import {
  CaissonError,
  isCaissonError,
  toCaissonError,
  type Clock,
  type KvService,
  type Logger,
  type Role,
} from '@caisson/contracts';
import {
  decodeGetRequest,
  decodeRequests,
  decodeScanRequest,
  decodeWriteRequest,
  encodeBeginResponse,
  encodeGetResponse,
  encodeResponses,
  encodeScanResponse,
  encodeWireError,
  encodeWriteResponse,
  OP,
  proto,
  responseBytes,
  STATUS,
  type RequestMessage,
  type ResponseMessage,
} from '@caisson/formats';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { startDeadline, type CallSignal } from './deadlines.js';
import { ReadTurns } from './read-turns.js';
import { toServiceError } from './status.js';

type Call = ServerDuplexStream<proto.Frame, proto.Frame>;

export interface StreamParts {
  readonly kv: KvService;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: { readonly streamRequestsMax: number; readonly deadlineMs: number };
  /** Throws unless the caller of this stream has the role. */
  readonly require: (role: Role) => void;
}

interface Operation {
  readonly role: Role;
  run(kv: KvService, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [
    OP.get,
    {
      role: 'reader',
      run: async (kv, body, signal) => encodeGetResponse(await kv.get(decodeGetRequest(body), { signal })),
    },
  ],
  [
    OP.scan,
    {
      role: 'reader',
      run: async (kv, body, signal) => encodeScanResponse(await kv.scan(decodeScanRequest(body), { signal })),
    },
  ],
  [
    OP.write,
    {
      role: 'writer',
      run: async (kv, body, signal) =>
        encodeWriteResponse(await kv.write(decodeWriteRequest(body), { signal })),
    },
  ],
  [
    OP.begin,
    { role: 'reader', run: async (kv, _, signal) => encodeBeginResponse(await kv.begin({ signal })) },
  ],
]);

const FRAME_BYTES = 256 * 1024;
/** Reads of one stream that may hold what they found at a time. */
const READS_AT_ONCE_MAX = 64;

/** A frame of which requests from `next` on were not started yet. */
interface WaitingFrame {
  readonly requests: readonly RequestMessage[];
  next: number;
  readonly arrivedMs: number;
}

/**
 * One client stream: requests run concurrently and are answered in any order, answers of one turn share a
 * frame.
 *
 * While too many requests are in flight, or the client reads its answers too slowly, no request is started
 * and reading pauses: a stream holds a bounded amount of work, however many requests share a frame. Reads
 * that were started look in turns, and not before the client takes the answers it has. A frame that cannot
 * be decoded ends the stream.
 */
export class KvStream {
  readonly #running = new Map<number, CallSignal>();
  readonly #waiting: WaitingFrame[] = [];
  readonly #reads = new ReadTurns(READS_AT_ONCE_MAX);
  #answers: ResponseMessage[] = [];
  #answerBytes = 0;
  #scheduled = false;
  #blocked = false;
  #draining = false;
  #ended = false;

  constructor(
    private readonly call: Call,
    private readonly parts: StreamParts,
    private readonly onEnd: () => void,
  ) {
    call.on('data', (frame: proto.Frame) => this.#onFrame(frame));
    call.on('drain', () => {
      this.#blocked = false;
      this.#reads.release();
      this.#startWaiting();
    });
    call.on('end', () => this.drain());
    call.on('error', () => this.#abandon());
    call.on('cancelled', () => this.#abandon());
  }

  /** Answers what is in flight, refuses what comes, then ends the stream. */
  drain(): void {
    this.#draining = true;
    this.#startWaiting();
    this.#endIfDone();
  }

  #onFrame(frame: proto.Frame): void {
    if (this.#ended) return;
    let requests: readonly RequestMessage[];
    try {
      requests = decodeRequests(frame.messages);
    } catch (error) {
      this.call.emit('error', toServiceError(error));
      return;
    }
    this.#waiting.push({ requests, next: 0, arrivedMs: this.parts.clock.monotonicMs() });
    this.#startWaiting();
  }

  /** Starts what there is room for, in order, and reads on once nothing waits. */
  #startWaiting(): void {
    for (let frame = this.#waiting[0]; frame && this.#hasRoom(); frame = this.#waiting[0]) {
      const request = frame.requests[frame.next++]!;
      if (frame.next === frame.requests.length) this.#waiting.shift();
      this.#start(request, this.parts.clock.monotonicMs() - frame.arrivedMs);
    }
    if (this.#ended || this.#hasRoom()) this.call.resume();
    else this.call.pause();
  }

  #hasRoom(): boolean {
    return !this.#ended && !this.#blocked && this.#running.size < this.parts.limits.streamRequestsMax;
  }

  #start(request: RequestMessage, waitedMs: number): void {
    if (request.op === OP.cancel) {
      this.#running.get(request.id)?.abort(new CaissonError('CANCELLED'));
      return;
    }
    const operation = OPERATIONS.get(request.op);
    const refusal = this.#refusalOf(request, operation);
    if (refusal || !operation) return this.#answerError(request.id, refusal);
    const limitMs = (request.deadlineMs || this.parts.limits.deadlineMs) - waitedMs;
    if (limitMs <= 0) return this.#answerError(request.id, new CaissonError('DEADLINE_EXCEEDED'));
    const deadline = startDeadline(this.parts.clock, limitMs);
    this.#running.set(request.id, deadline);
    void this.#run(request, operation, deadline);
  }

  #refusalOf(request: RequestMessage, operation: Operation | undefined): CaissonError | undefined {
    if (this.#draining) return new CaissonError('DRAINING');
    if (!operation) return new CaissonError('UNIMPLEMENTED', { op: request.op });
    if (this.#running.has(request.id))
      return new CaissonError('INVALID_ARGUMENT', { field: 'id', limit: 'unused' });
    try {
      this.parts.require(operation.role);
    } catch (error) {
      return toCaissonError(error);
    }
    return undefined;
  }

  async #run(request: RequestMessage, operation: Operation, deadline: CallSignal): Promise<void> {
    const isRead = operation.role === 'reader';
    if (isRead) await this.#reads.take();
    try {
      const body = await operation.run(this.parts.kv, request.body, deadline.signal);
      this.#finish(request.id, deadline);
      this.#answer({ id: request.id, status: STATUS.ok, body });
    } catch (error) {
      this.#finish(request.id, deadline);
      this.#answerError(request.id, error);
    }
    if (isRead) this.#reads.giveBack();
    this.#startWaiting();
    this.#endIfDone();
  }

  #finish(id: number, deadline: CallSignal): void {
    deadline.release();
    this.#running.delete(id);
  }

  #answerError(id: number, failure: unknown): void {
    const error = toCaissonError(failure);
    if (isCaissonError(error, 'INTERNAL'))
      this.parts.logger.log('error', 'a request failed', { error: failure });
    this.#answer({ id, status: STATUS.error, body: encodeWireError(error) });
  }

  #answer(response: ResponseMessage): void {
    if (this.#ended) return;
    this.#answers.push(response);
    this.#answerBytes += responseBytes(response.body);
    if (this.#answerBytes >= FRAME_BYTES) return this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    void this.parts.clock.turn().then(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#ended || this.#answers.length === 0) return;
    const messages = encodeResponses(this.#answers);
    this.#answers = [];
    this.#answerBytes = 0;
    if (!this.call.write({ messages })) {
      this.#blocked = true;
      this.#reads.hold();
      this.call.pause();
    }
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#draining || this.#ended) return;
    if (this.#running.size > 0 || this.#waiting.length > 0 || this.#answers.length > 0) return;
    this.#ended = true;
    this.call.end();
    this.onEnd();
  }

  #abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting.length = 0;
    for (const deadline of this.#running.values()) deadline.abort(new CaissonError('CANCELLED'));
    this.#reads.release();
    this.onEnd();
  }
}
