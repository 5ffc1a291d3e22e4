import { createDeferred, type Deferred, toHex } from '@caisson/base';
import { CaissonError, type Random } from '@caisson/contracts';
import type { ReadState } from '@caisson/raft';
import type { ReadLease } from './read-lease.js';

const SESSION_BYTES = 8;
const COUNTER_BYTES = 8;

export interface ReadDeskParts {
  readonly group: number;
  readonly random: Random;
  /** Ticks after which a read that got no answer is asked again: the message or the leader may be gone. */
  readonly retryTicks: number;
  /** Ticks after which it is given up. */
  readonly limitTicks: number;
  /** Asks the core. It may answer before this returns. */
  ask(context: Uint8Array): void;
  readonly lease: Pick<ReadLease, 'asked' | 'confirmed'>;
}

interface WaitingRead {
  /** The first question whose answer counts: the read began before it was asked. */
  readonly from: number;
  readonly position: Deferred<number>;
  ticks: number;
}

/**
 * Asks for positions that cover every write acknowledged so far, here or through the leader, until there is
 * an answer.
 *
 * Each question has a number of its own, under a name that no earlier process of this node had: a late
 * answer to one of those must not pass for news.
 */
export class ReadDesk {
  readonly #parts: ReadDeskParts;
  readonly #session: Uint8Array;
  #asked = 0;
  #waiting: WaitingRead[] = [];

  constructor(parts: ReadDeskParts) {
    this.#parts = parts;
    this.#session = parts.random.bytes(SESSION_BYTES);
  }

  confirm(): Promise<number> {
    const position = createDeferred<number>();
    this.#waiting.push({ from: this.#asked + 1, position, ticks: 0 });
    this.#ask();
    return position.promise;
  }

  /** Takes the core's answer to one of the questions; it holds for every read that began before it. */
  answer({ index, context }: ReadState): void {
    const number = this.#numberOf(context);
    if (number === undefined) return;
    this.#parts.lease.confirmed(number);
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ from }) => from > number);
    for (const { from, position } of waiting) if (from <= number) position.resolve(index);
  }

  tick(): void {
    if (this.#waiting.length === 0) return;
    for (const read of this.#waiting) read.ticks++;
    const { group, limitTicks, retryTicks } = this.#parts;
    const late = this.#waiting.filter(({ ticks }) => ticks >= limitTicks);
    this.#waiting = this.#waiting.filter(({ ticks }) => ticks < limitTicks);
    const problem = 'no leader confirmed the read in time';
    for (const { position } of late) position.reject(new CaissonError('UNAVAILABLE', { group, problem }));
    if (this.#waiting.some(({ ticks }) => ticks % retryTicks === 0)) this.#ask();
  }

  /** Another leader, or none: what was asked of the one before may never be answered. */
  again(): void {
    if (this.#waiting.length > 0) this.#ask();
  }

  fail(error: CaissonError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { position } of waiting) position.reject(error);
  }

  #ask(): void {
    const context = new Uint8Array(SESSION_BYTES + COUNTER_BYTES);
    context.set(this.#session);
    new DataView(context.buffer).setBigUint64(SESSION_BYTES, BigInt(++this.#asked));
    this.#parts.lease.asked(this.#asked);
    this.#parts.ask(context);
  }

  #numberOf(context: Uint8Array): number | undefined {
    if (context.length !== SESSION_BYTES + COUNTER_BYTES) return undefined;
    if (toHex(context.subarray(0, SESSION_BYTES)) !== toHex(this.#session)) return undefined;
    const view = new DataView(context.buffer, context.byteOffset, context.length);
    return Number(view.getBigUint64(SESSION_BYTES));
  }
}
