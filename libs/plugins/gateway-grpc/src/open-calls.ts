import { CaissonError, type Clock, type Role } from '@caisson/contracts';
import type { handleServerStreamingCall, handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import { once } from 'node:events';
import type { CallAudit, RecordedCall } from './audit/call-audit.js';
import { startDeadline, type CallSignal } from './deadlines.js';
import { toServiceError } from './status.js';

export type ServerCall = Pick<
  ServerUnaryCall<unknown, unknown>,
  'metadata' | 'getAuthContext' | 'getDeadline'
>;

interface CancellableCall extends RecordedCall {
  on(event: 'cancelled', listener: () => void): unknown;
}

export interface OpenCallsParts {
  readonly clock: Clock;
  /** For calls that carry no deadline. */
  readonly deadlineMs: number;
  /** Refuses callers without the role, and records what operators order. */
  readonly audit: CallAudit;
  /** Called after every answer. */
  readonly onAnswered: () => void;
}

/**
 * The calls that are owed an answer: each with its role checked, its deadline, and an end that is counted.
 */
export class OpenCalls {
  readonly #owed = new Set<CallSignal>();
  readonly #streams = new Set<CallSignal>();

  constructor(private readonly parts: OpenCallsParts) {}

  get count(): number {
    return this.#owed.size;
  }

  /** Ends streams with `DRAINING`: their orders go on elsewhere. Unary calls are left to finish. */
  drain(): void {
    for (const stream of this.#streams) stream.abort(new CaissonError('DRAINING'));
  }

  unary<Request, Response>(
    role: Role,
    handle: (request: Request, signal: AbortSignal) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const deadline = this.#open(call);
      const { signal } = deadline;
      this.parts.audit
        .carryOut(role, call, signal, () => handle(call.request, signal))
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(toServiceError(error)),
        )
        .finally(() => this.#close(deadline));
    };
  }

  /** Answers with one message after the other; the next is asked for once the client takes more. */
  stream<Request, Message>(
    role: Role,
    handle: (request: Request, signal: AbortSignal) => AsyncIterable<Message>,
  ): handleServerStreamingCall<Request, Message> {
    return (call) => {
      const deadline = this.#open(call);
      const { signal } = deadline;
      this.#streams.add(deadline);
      const work = async () => {
        for await (const message of handle(call.request, signal)) {
          signal.throwIfAborted();
          if (!call.write(message)) await once(call, 'drain', { signal });
        }
      };
      this.parts.audit
        .carryOut(role, call, signal, work)
        .then(
          () => void call.end(),
          // Whatever an aborted order fails with, the reason is why it was aborted.
          (error: unknown) => void call.emit('error', toServiceError(signal.aborted ? signal.reason : error)),
        )
        .finally(() => this.#close(deadline));
    };
  }

  #open(call: CancellableCall): CallSignal {
    const deadline = startDeadline(this.parts.clock, this.#deadlineMs(call));
    // Calls that were answered hear it as well, once their stream closes.
    call.on('cancelled', () => {
      if (this.#owed.has(deadline)) deadline.abort(new CaissonError('CANCELLED'));
    });
    this.#owed.add(deadline);
    return deadline;
  }

  #close(deadline: CallSignal): void {
    deadline.release();
    this.#streams.delete(deadline);
    this.#owed.delete(deadline);
    this.parts.onAnswered();
  }

  #deadlineMs(call: ServerCall): number {
    const deadline = call.getDeadline();
    const at = typeof deadline === 'number' ? deadline : deadline.getTime();
    if (!Number.isFinite(at)) return this.parts.deadlineMs;
    return Math.max(0, at - this.parts.clock.nowMs());
  }
}
