import {
  CaissonError,
  type Clock,
  type DataDirectory,
  type EncryptionLayer,
  isCaissonError,
  type RaftTransport,
} from '@caisson/contracts';
import { decodeIdentityAnswer, encodeIdentityQuestion } from '@caisson/formats';

/** One member and the challenge that was made for it. */
export interface MemberQuestion {
  readonly group: number;
  readonly name: string;
  /** Absent for a member that takes no peers. */
  readonly address: string | undefined;
  readonly challenge: Uint8Array;
}

/** A capability as the member encoded it, or why there is none. */
export type MemberAnswer = { readonly capability: Uint8Array } | { readonly error: CaissonError };

/** Puts a challenge to every member at once, and has an answer or a reason for each when time is up. */
export interface MemberPoll {
  ask(questions: readonly MemberQuestion[], signal?: AbortSignal): Promise<ReadonlyMap<string, MemberAnswer>>;
}

export interface TransportPollParts {
  readonly node: Pick<EncryptionLayer, 'answer'>;
  readonly directory: Pick<DataDirectory, 'identity'>;
  /** Absent on a node without peers. */
  readonly transport: Pick<RaftTransport, 'ask'> | undefined;
  readonly clock: Pick<Clock, 'after'>;
  /** For all answers together. */
  readonly limitMs: number;
}

/** Asks over the transport between nodes. The node itself answers like everybody else. */
export class TransportPoll implements MemberPoll {
  readonly #parts: TransportPollParts;

  constructor(parts: TransportPollParts) {
    this.#parts = parts;
  }

  async ask(
    questions: readonly MemberQuestion[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, MemberAnswer>> {
    signal?.throwIfAborted();
    const { clock, limitMs } = this.#parts;
    const control = new AbortController();
    const leave = () => control.abort(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    const problem = `no answer within ${limitMs} ms`;
    const endLimit = clock.after(limitMs, () => control.abort(new CaissonError('UNAVAILABLE', { problem })));
    try {
      const answers = questions.map(
        async (question) => [question.name, await this.#answer(question, control.signal)] as const,
      );
      const told = new Map(await Promise.all(answers));
      signal?.throwIfAborted();
      return told;
    } finally {
      endLimit();
      signal?.removeEventListener('abort', leave);
    }
  }

  async #answer(question: MemberQuestion, signal: AbortSignal): Promise<MemberAnswer> {
    try {
      return { capability: await this.#capability(question, signal) };
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (!isCaissonError(reason)) throw reason;
      return { error: reason };
    }
  }

  async #capability(
    { group, name, address, challenge }: MemberQuestion,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { directory, node, transport } = this.#parts;
    if (name === directory.identity.name) return node.answer(challenge, signal);
    if (address === undefined || transport === undefined) {
      throw new CaissonError('UNAVAILABLE', { name, problem: 'takes no peers' });
    }
    const question = encodeIdentityQuestion({ group, challenge });
    return decodeIdentityAnswer(await transport.ask({ name, address }, question, signal)).capability;
  }
}
