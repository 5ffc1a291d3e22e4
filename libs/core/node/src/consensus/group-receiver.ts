import {
  CaissonError,
  type IncomingSnapshot,
  type Logger,
  type RaftReceiver,
  toCaissonError,
} from '@caisson/contracts';
import {
  decodeIntroduction,
  decodeKeyReferencesQuestion,
  decodeProposalQuestion,
  decodeRaftMessage,
  decodeScrubQuestion,
  decodeStoredValueQuestion,
  encodeIntroductionAnswer,
  encodeKeyReferences,
  encodeProposalAnswer,
  encodeScrubAnswer,
  encodeStoredValueAnswer,
  QUESTION,
  questionKind,
} from '@caisson/formats';
import type { ConsensusGroup } from './consensus-group.js';

export type QuestionHandler = (
  from: bigint,
  question: Uint8Array,
  signal: AbortSignal,
) => Promise<Uint8Array>;

export interface GroupReceiverParts {
  /** Undefined for a group that is not open here. */
  groupOf(id: number): ConsensusGroup | undefined;
  groups(): Iterable<ConsensusGroup>;
  readonly logger: Logger;
  /** Questions that are not about the log. */
  readonly questions?: ReadonlyMap<number, QuestionHandler>;
}

/** What peers bring, to the groups it is for. */
export class GroupReceiver implements RaftReceiver {
  readonly #parts: GroupReceiverParts;

  constructor(parts: GroupReceiverParts) {
    this.#parts = parts;
  }

  onFrame(group: number, from: bigint, frame: Uint8Array): void {
    const receiver = this.#parts.groupOf(group);
    if (receiver === undefined) return;
    try {
      receiver.peers.receive(from, decodeRaftMessage(frame));
    } catch (cause) {
      const error = toCaissonError(cause);
      this.#parts.logger.log('warn', 'dropped a frame', { group, peer: String(from), error });
    }
  }

  onUnreachable(peer: bigint): void {
    for (const group of this.#parts.groups()) group.peers.unreachable(peer);
  }

  async onQuestion(from: bigint, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const kind = questionKind(question);
    if (kind === QUESTION.proposal) return this.#propose(from, question, signal);
    if (kind === QUESTION.introduction) return this.#meet(from, question);
    if (kind === QUESTION.keyReferences) return this.#keyReferences(from, question, signal);
    if (kind === QUESTION.scrub) return this.#scrub(from, question);
    if (kind === QUESTION.storedValue) return this.#storedValue(from, question);
    const handler = kind === undefined ? undefined : this.#parts.questions?.get(kind);
    if (handler === undefined) throw new CaissonError('UNIMPLEMENTED', { question: kind ?? 'empty' });
    return handler(from, question, signal);
  }

  keptChunks(incoming: IncomingSnapshot): Promise<number> {
    const receiver = this.#parts.groupOf(incoming.group);
    return receiver === undefined
      ? Promise.reject(notOpen(incoming.group))
      : receiver.peers.keptChunks(incoming);
  }

  async onSnapshot(
    incoming: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const receiver = this.#parts.groupOf(incoming.group);
    if (receiver === undefined) throw notOpen(incoming.group);
    await receiver.peers.takeSnapshot(incoming, chunks, signal);
  }

  /** Sealed as it is stored: of no use to anybody without the keys, and for members only all the same. */
  async #storedValue(from: bigint, question: Uint8Array): Promise<Uint8Array> {
    const asked = decodeStoredValueQuestion(question);
    const group = this.#parts.groupOf(asked.group);
    if (group === undefined) throw notOpen(asked.group);
    group.peers.requireMember(from);
    return encodeStoredValueAnswer(await group.storedValue(asked));
  }

  #meet(from: bigint, question: Uint8Array): Uint8Array {
    const introduction = decodeIntroduction(question);
    const group = this.#parts.groupOf(introduction.group);
    if (group === undefined) throw notOpen(introduction.group);
    group.peers.meet(from, introduction);
    return encodeIntroductionAnswer();
  }

  #scrub(from: bigint, question: Uint8Array): Uint8Array {
    const { group: id, ...order } = decodeScrubQuestion(question);
    const group = this.#parts.groupOf(id);
    if (group === undefined) throw notOpen(id);
    group.peers.requireMember(from);
    return encodeScrubAnswer(group.scrub(order));
  }

  /** Reads everything that is stored: only members may ask for so much. */
  async #keyReferences(from: bigint, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { group: id, keyId } = decodeKeyReferencesQuestion(question);
    const group = this.#parts.groupOf(id);
    if (group === undefined) throw notOpen(id);
    group.peers.requireMember(from);
    return encodeKeyReferences(await group.keyReferences(keyId, signal));
  }

  /** Proposes for a peer, as leader only: a proposal is passed on once, not around. */
  async #propose(from: bigint, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { group: id, payload } = decodeProposalQuestion(question);
    const group = this.#parts.groupOf(id);
    if (group === undefined) throw notOpen(id);
    group.peers.requireMember(from);
    return encodeProposalAnswer(await group.proposeHere(payload, { source: 'system', signal }));
  }
}

function notOpen(group: number): CaissonError {
  return new CaissonError('UNAVAILABLE', { group, problem: 'is not open' });
}
