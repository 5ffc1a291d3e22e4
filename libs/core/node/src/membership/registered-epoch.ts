import {
  CaissonError,
  type Clock,
  type Logger,
  type RaftTransport,
  toCaissonError,
} from '@caisson/contracts';
import { decodeEpochAnswer, encodeEpochQuestion, fullNodeId, type MemberRecord } from '@caisson/formats';
import type { MembershipBook } from './membership-book.js';

export interface EpochInquiry {
  readonly group: number;
  /** Name of the node that asks about itself. */
  readonly self: string;
  readonly book: MembershipBook;
  readonly transport: Pick<RaftTransport, 'ask'> | undefined;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

const PAUSE_MS = 500;

/**
 * The last epoch of this node that a quorum of voters saw registered, by their rows as stored; the node's
 * own rows count as one voice and are the caller's to look at. Members that cannot be reached are asked
 * again until there is a quorum or the signal aborts.
 *
 * Asks nobody where nobody else votes: a one-voter cluster starts alone, and a node that was not let in yet
 * has no key to take an epoch for.
 */
export async function lastRegisteredEpoch(
  inquiry: EpochInquiry,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { book, self, transport } = inquiry;
  const others = book.voters.filter(({ name }) => name !== self);
  if (others.length === 0) return undefined;
  if (transport === undefined) {
    throw new CaissonError('PLAN_INVALID', {
      problem: 'the group has other voters and no plugin provides a transport',
      group: inquiry.group,
    });
  }
  const round = new InquiryRound(inquiry, transport, others);
  while (!round.hasQuorum) {
    signal?.throwIfAborted();
    await round.askAll(signal ?? new AbortController().signal);
    if (!round.hasQuorum) await inquiry.clock.sleep(PAUSE_MS, signal);
  }
  return round.highest;
}

class InquiryRound {
  highest: number | undefined;
  readonly #inquiry: EpochInquiry;
  readonly #transport: Pick<RaftTransport, 'ask'>;
  readonly #answered = new Set<bigint>();
  readonly #others: readonly MemberRecord[];
  #isReported = false;

  constructor(inquiry: EpochInquiry, transport: Pick<RaftTransport, 'ask'>, others: readonly MemberRecord[]) {
    this.#inquiry = inquiry;
    this.#transport = transport;
    this.#others = others;
    this.#answered.add(fullNodeId(inquiry.self));
  }

  /** In both halves of a joint change. */
  get hasQuorum(): boolean {
    const { voters, votersOutgoing } = this.#inquiry.book.row;
    const answered = (ids: readonly bigint[]) => ids.filter((id) => this.#answered.has(id)).length;
    return [voters, votersOutgoing].every((ids) => ids.length === 0 || answered(ids) > ids.length / 2);
  }

  /** Resolves as soon as a quorum has answered, or everybody has answered or failed. */
  async askAll(signal: AbortSignal): Promise<void> {
    const control = new AbortController();
    const leave = () => control.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    const waiting = this.#others.filter(({ id }) => !this.#answered.has(id));
    const asked = waiting.map((member) => this.#ask(member, control));
    await Promise.all(asked);
    signal.removeEventListener('abort', leave);
  }

  async #ask(member: MemberRecord, control: AbortController): Promise<void> {
    const { group, self } = this.#inquiry;
    try {
      const question = encodeEpochQuestion({ group, fullNodeId: fullNodeId(self) });
      const epoch = decodeEpochAnswer(await this.#transport.ask(member, question, control.signal));
      if (epoch !== undefined) this.highest = Math.max(epoch, this.highest ?? 0);
      this.#answered.add(member.id);
      if (this.hasQuorum) control.abort(new CaissonError('CANCELLED'));
    } catch (cause) {
      if (!control.signal.aborted) this.#report(member, cause);
    }
  }

  #report({ name }: MemberRecord, cause: unknown): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const { group, logger } = this.#inquiry;
    const error = toCaissonError(cause);
    logger.log('info', 'waiting for members to tell the last registered epoch', {
      group,
      member: name,
      error,
    });
  }
}
