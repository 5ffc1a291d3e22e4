import {
  CaissonError,
  isCaissonError,
  toCaissonError,
  type Clock,
  type Logger,
  type RaftReceiver,
} from '@caisson/contracts';
import type { peerProto } from '@caisson/formats';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Doorkeeper } from './doorkeeper.js';
import { toServiceError } from './errors.js';

type Call = ServerUnaryCall<peerProto.AskRequest, peerProto.AskResponse>;

export interface QuestionParts {
  readonly doorkeeper: Doorkeeper;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly receiver: () => RaftReceiver | undefined;
  readonly questionsMax: number;
  readonly questionMs: number;
}

/** Questions of other nodes, each answered once or refused. */
export class QuestionIntake {
  readonly #open = new Set<AbortController>();

  constructor(private readonly parts: QuestionParts) {}

  answer(call: Call, callback: sendUnaryData<peerProto.AskResponse>): void {
    const controller = new AbortController();
    const { clock, questionMs } = this.parts;
    const abort = (code: 'CANCELLED' | 'DEADLINE_EXCEEDED') => controller.abort(new CaissonError(code));
    call.on('cancelled', () => abort('CANCELLED'));
    const cancelDeadline = clock.after(questionMs, () => abort('DEADLINE_EXCEEDED'));
    // The receiver need not come to an end for the question to do so.
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
    });
    Promise.race([aborted, this.#answer(call, controller)])
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(this.#refusal(error)),
      )
      .finally(() => {
        cancelDeadline();
        this.#open.delete(controller);
      });
  }

  stop(): void {
    for (const controller of this.#open) controller.abort(new CaissonError('UNAVAILABLE'));
  }

  async #answer(call: Call, controller: AbortController): Promise<peerProto.AskResponse> {
    const { doorkeeper, questionsMax } = this.parts;
    const { hello, question } = call.request;
    const proven = doorkeeper.prove(call, hello);
    if (this.#open.size >= questionsMax) throw new CaissonError('TOO_MANY_REQUESTS', { limit: questionsMax });
    const receiver = this.parts.receiver();
    if (!receiver) throw new CaissonError('UNAVAILABLE', { reason: 'the node is starting' });
    this.#open.add(controller);
    const { buffer, byteOffset, length } = question;
    const bytes = new Uint8Array(buffer, byteOffset, length);
    const answer = await receiver.onQuestion(doorkeeper.idOf(proven), bytes, controller.signal);
    return { hello: doorkeeper.helloTo(proven.name), answer };
  }

  #refusal(failure: unknown): ReturnType<typeof toServiceError> {
    const error = toCaissonError(failure);
    if (isCaissonError(error, 'INTERNAL')) {
      this.parts.logger.log('error', 'a question of a peer failed', { error: failure });
    }
    return toServiceError(error);
  }
}
