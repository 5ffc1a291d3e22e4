import {
  CaissonError,
  type EncryptionLayer,
  type GroupEncryption,
  type NodeIdentity,
} from '@caisson/contracts';
import {
  decodeEpochQuestion,
  decodeIdentityQuestion,
  encodeEpochAnswer,
  encodeIdentityAnswer,
  fullNodeId,
  QUESTION,
} from '@caisson/formats';

export type QuestionAnswerer = (
  from: bigint,
  question: Uint8Array,
  signal: AbortSignal,
) => Promise<Uint8Array>;

export interface PeerQuestionsParts {
  identity(): NodeIdentity;
  readonly layer: EncryptionLayer;
  /** Groups that this node keeps, ascending. */
  readonly groups: readonly number[];
}

/**
 * What this node answers about itself and its members: to a leader that may let it in, and to a member that
 * starts.
 *
 * A group answers from the moment its store is open, long before it applies anything: nodes that start all at
 * once ask each other, and must not wait for each other to be done.
 */
export class PeerQuestions {
  readonly #parts: PeerQuestionsParts;
  readonly #open = new Map<number, GroupEncryption>();

  constructor(parts: PeerQuestionsParts) {
    this.#parts = parts;
  }

  /** The encryption layer, through which groups must be opened to be answered for. */
  get layer(): EncryptionLayer {
    const { layer } = this.#parts;
    return {
      enabled: layer.enabled,
      needsRegisteredEpoch: layer.needsRegisteredEpoch,
      answer: (challenge, signal) => layer.answer(challenge, signal),
      openGroup: async (id, signal) => {
        const encryption = await layer.openGroup(id, signal);
        this.#open.set(id, encryption);
        return encryption;
      },
    };
  }

  /** By kind of question. */
  get answerers(): ReadonlyMap<number, QuestionAnswerer> {
    return new Map<number, QuestionAnswerer>([
      [QUESTION.identity, (_from, question, signal) => this.#identity(question, signal)],
      [QUESTION.registeredEpoch, (_from, question) => this.#registeredEpoch(question)],
    ]);
  }

  async #identity(question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { challenge } = decodeIdentityQuestion(question);
    const { groups, layer } = this.#parts;
    const { name, clusterId, birth, format } = this.#parts.identity();
    const capability = await layer.answer(challenge, signal);
    const fullId = fullNodeId(name);
    return encodeIdentityAnswer({ name, fullNodeId: fullId, clusterId, birth, format, groups, capability });
  }

  async #registeredEpoch(question: Uint8Array): Promise<Uint8Array> {
    const { group, fullNodeId: member } = decodeEpochQuestion(question);
    const encryption = this.#open.get(group);
    if (encryption === undefined) throw new CaissonError('UNAVAILABLE', { group, problem: 'is not open' });
    return encodeEpochAnswer(await encryption.registeredEpoch(member));
  }
}
