import { CaissonError, type Clock, type Peer } from '@caisson/contracts';
import { peerProto } from '@caisson/formats';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { type Dialler, type Line, METHODS } from './dialler.js';
import type { Greeter } from './hello.js';

export interface AskerParts {
  readonly dialler: Dialler;
  readonly greeter: Greeter;
  readonly clock: Clock;
  readonly questionMs: number;
}

/** Puts questions to nodes, each on a line of its own that closes with the answer. */
export class Asker {
  readonly #open = new Set<(reason: CaissonError) => void>();

  constructor(private readonly parts: AskerParts) {}

  async ask(peer: Omit<Peer, 'id'>, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const line = this.parts.dialler.open(peer);
    try {
      const { hello, answer } = await this.#call(line, peer.name, question, signal);
      this.parts.greeter.checkAnswer(hello, peer.name);
      return new Uint8Array(answer.buffer, answer.byteOffset, answer.length);
    } finally {
      line.close();
    }
  }

  stop(): void {
    for (const giveUp of this.#open)
      giveUp(new CaissonError('UNAVAILABLE', { reason: 'the node is stopping' }));
  }

  #call(line: Line, to: string, question: Uint8Array, signal: AbortSignal): Promise<peerProto.AskResponse> {
    const { greeter, clock, questionMs } = this.parts;
    const { path, requestSerialize, responseDeserialize } = METHODS.ask;
    const request: peerProto.AskRequest = { hello: greeter.helloTo(to), question };
    return new Promise((resolve, reject) => {
      const onEnd = (error: ServiceError | null, response?: peerProto.AskResponse): void => {
        release();
        if (response) resolve(response);
        else reject(error ? line.failureOf(error) : new CaissonError('UNAVAILABLE'));
      };
      const { client } = line;
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        {},
        onEnd,
      );
      const giveUp = (reason: unknown): void => {
        release();
        reject(reason);
        call.cancel();
      };
      const onAbort = (): void => giveUp(signal.reason);
      const onDeadline = (): void => giveUp(new CaissonError('DEADLINE_EXCEEDED'));
      const cancelDeadline = clock.after(questionMs, onDeadline);
      const release = (): void => {
        cancelDeadline();
        this.#open.delete(giveUp);
        signal.removeEventListener('abort', onAbort);
      };
      this.#open.add(giveUp);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
