import {
  CaissonError,
  type Clock,
  type Logger,
  type RaftTransport,
  type StoredValues,
  toCaissonError,
} from '@caisson/contracts';
import { decodeStoredValueAnswer, encodeStoredValueQuestion, type MemberRecord } from '@caisson/formats';
import type { Members } from '../consensus/members.js';
import type { AppliedPosition } from '../reading/applied-position.js';

export interface ValueInquiryParts {
  readonly group: number;
  /** Name of the node that asks. */
  readonly self: string;
  readonly members: Pick<Members, 'book'>;
  readonly position: Pick<AppliedPosition, 'value'>;
  readonly transport: Pick<RaftTransport, 'ask'> | undefined;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly logger: Logger;
}

const ANSWER_MS = 2_000;
const PAUSE_MS = 500;
/** With members that are down or behind: a few seconds, in which reads go on and apply waits. */
const ROUNDS_MAX = 10;

/** Asks the other members, one after the other, for a value that does not open here. */
export class ValueInquiry implements StoredValues {
  readonly #parts: ValueInquiryParts;
  readonly #ending = new AbortController();

  constructor(parts: ValueInquiryParts) {
    this.#parts = parts;
  }

  /** Whoever waits for an answer has waited long enough: the node stops. */
  end(): void {
    this.#ending.abort(new CaissonError('DRAINING'));
  }

  async *ask(storeKey: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
    const { clock, self } = this.#parts;
    let left = this.#parts.members.book.members.filter(({ name }) => name !== self);
    for (let round = 1; left.length > 0 && round <= ROUNDS_MAX; round++) {
      if (round > 1) await clock.sleep(PAUSE_MS, this.#ending.signal);
      const silent: MemberRecord[] = [];
      for (const member of left) {
        const answer = await this.#askOne(member, storeKey);
        if (answer === 'none') silent.push(member);
        else if (answer !== undefined) yield answer;
      }
      left = silent;
    }
  }

  /** `none` where the member gave no answer, `undefined` where it has no such value. */
  async #askOne(member: MemberRecord, storeKey: Uint8Array): Promise<Uint8Array | 'none' | undefined> {
    const { clock, group, logger, position, transport } = this.#parts;
    if (transport === undefined || this.#ending.signal.aborted) return 'none';
    const limit = new AbortController();
    const leave = () => limit.abort(this.#ending.signal.reason);
    this.#ending.signal.addEventListener('abort', leave, { once: true });
    const endLimit = clock.after(ANSWER_MS, () => limit.abort(new CaissonError('UNAVAILABLE', { group })));
    const question = encodeStoredValueQuestion({ group, applied: position.value, storeKey });
    try {
      return decodeStoredValueAnswer(await transport.ask(member, question, limit.signal));
    } catch (cause) {
      const error = toCaissonError(cause);
      logger.log('info', 'a member gave no answer about a value', { group, member: member.name, error });
      return 'none';
    } finally {
      endLimit();
      this.#ending.signal.removeEventListener('abort', leave);
    }
  }
}
