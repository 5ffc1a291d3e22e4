import { createDeferred, type Deferred, invariant } from '@caisson/base';
import {
  CaissonError,
  type Clock,
  type Counter,
  isCaissonError,
  type Proposed,
  type ReplicatedGroup,
} from '@caisson/contracts';
import {
  type CommandOutcome,
  type CommandResult,
  decodeCommandResults,
  encodeCommand,
  encodeCommands,
  type RefusedCommand,
} from '@caisson/formats';
import type { HybridClock } from '@caisson/mvcc';
import { abortError, throwIfAborted } from '../abort.js';
import type { CeilingKeeper } from '../ceiling/ceiling-keeper.js';
import { commandAt, type Intent } from './command-at.js';

/** How much one payload gathers, and how much waits for one. */
export interface GatherLimits {
  readonly commandsMax: number;
  readonly bytesMax: number;
  /** Beyond either of these a command is refused with `TOO_MANY_REQUESTS`; one always fits. */
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
}

export const GATHER_LIMITS: GatherLimits = Object.freeze({
  commandsMax: 256,
  bytesMax: 1024 * 1024,
  waitingMax: 16_384,
  waitingBytesMax: 64 * 1024 * 1024,
});

/** Refusals of which nothing was applied and that a fresh timestamp or a moment cures. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'TIMESTAMP_BEHIND',
  'ENVELOPE_CUTOVER_IN_PROGRESS',
  'CLOCK_CEILING',
]);
const ATTEMPTS_MAX = 10;
const PAUSE_MS = 5;

export interface CommandQueueOptions {
  readonly group: ReplicatedGroup;
  readonly hlc: HybridClock;
  readonly ceiling: Pick<CeilingKeeper, 'ready'>;
  readonly clock: Clock;
  readonly limits?: GatherLimits;
  readonly commands?: Counter | undefined;
  readonly payloads?: Counter | undefined;
}

interface Waiter {
  readonly intent: Intent;
  readonly bytes: number;
  readonly answer: Deferred<CommandResult>;
  attempts: number;
  isAbandoned: boolean;
}

/**
 * Gathers the commands that arrive in one turn of the loop into as few payloads as the limits allow: one
 * proposal, one envelope and one place in the log for all of them.
 *
 * Commit timestamps are drawn right before the payload is proposed, without giving way in between, so the
 * order of timestamps is the order of the log. While none may be drawn, commands wait here, a bounded number
 * of them.
 */
export class CommandQueue {
  readonly #options: CommandQueueOptions;
  readonly #limits: GatherLimits;
  #waiting: Waiter[] = [];
  #waitingBytes = 0;
  #isScheduled = false;

  constructor(options: CommandQueueOptions) {
    this.#options = options;
    this.#limits = options.limits ?? GATHER_LIMITS;
  }

  /**
   * Resolves with the command's result. Refused by apply: the refusal as an error, transient ones after some
   * attempts. A signal that aborts while the command waits here withdraws it; later, only the waiting ends.
   */
  submit(intent: Intent, bytes: number, signal?: AbortSignal): Promise<CommandResult> {
    throwIfAborted(signal);
    this.#refuseExcess(bytes);
    const waiter: Waiter = { intent, bytes, answer: createDeferred(), attempts: 0, isAbandoned: false };
    this.#enqueue(waiter);
    if (signal === undefined) return waiter.answer.promise;
    const onAbort = (): void => {
      waiter.isAbandoned = true;
      waiter.answer.reject(abortError(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return waiter.answer.promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  #refuseExcess(bytes: number): void {
    const { waitingMax, waitingBytesMax } = this.#limits;
    const waiting = this.#waiting.length;
    if (waiting === 0) return;
    if (waiting < waitingMax && this.#waitingBytes + bytes <= waitingBytesMax) return;
    throw new CaissonError('TOO_MANY_REQUESTS', { queue: 'commands', waiting, bytes: this.#waitingBytes });
  }

  #enqueue(waiter: Waiter): void {
    this.#waiting.push(waiter);
    this.#waitingBytes += waiter.bytes;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    void this.#options.clock.turn().then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const { ceiling } = this.#options;
    try {
      for (let ready = ceiling.ready(); ready !== undefined; ready = ceiling.ready()) await ready;
    } catch (error) {
      for (const { answer } of this.#takeWaiting()) answer.reject(error);
      return;
    }
    this.#proposeAll();
  }

  #takeWaiting(): Waiter[] {
    const waiting = this.#waiting.filter((waiter) => !waiter.isAbandoned);
    this.#isScheduled = false;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return waiting;
  }

  #proposeAll(): void {
    const waiting = this.#takeWaiting();
    const { commandsMax, bytesMax } = this.#limits;
    for (let first = 0; first < waiting.length; ) {
      let bytes = waiting[first]!.bytes;
      let end = first + 1;
      while (end < waiting.length && end - first < commandsMax && bytes + waiting[end]!.bytes <= bytesMax) {
        bytes += waiting[end++]!.bytes;
      }
      this.#propose(waiting.slice(first, end));
      first = end;
    }
  }

  #propose(waiters: readonly Waiter[]): void {
    const { group, hlc, commands, payloads } = this.#options;
    try {
      const encoded = waiters.map(({ intent }) => encodeCommand(commandAt(intent, hlc.next())));
      const proposed = group.propose(encodeCommands(encoded), { source: 'user' });
      commands?.add(waiters.length);
      payloads?.add(1);
      void this.#answer(waiters, proposed);
    } catch (error) {
      for (const waiter of waiters) {
        if (isCaissonError(error, 'CLOCK_CEILING')) this.#refuse(waiter, error);
        else waiter.answer.reject(error);
      }
    }
  }

  async #answer(waiters: readonly Waiter[], proposed: Promise<Proposed>): Promise<void> {
    try {
      const { outcome } = await proposed;
      if (outcome.kind === 'refused') {
        for (const waiter of waiters) this.#refuse(waiter, outcome.error);
        return;
      }
      const outcomes = decodeCommandResults(outcome.result);
      invariant('KV-2', outcomes.length === waiters.length, 'one result for each command');
      for (const [at, waiter] of waiters.entries()) this.#settle(waiter, outcomes[at]!);
    } catch (error) {
      for (const { answer } of waiters) answer.reject(error);
    }
  }

  #settle(waiter: Waiter, outcome: CommandOutcome): void {
    if (outcome.kind === 'refused') this.#refuse(waiter, refusalError(waiter.intent, outcome));
    else waiter.answer.resolve(outcome);
  }

  #refuse(waiter: Waiter, error: CaissonError): void {
    waiter.attempts += 1;
    if (waiter.isAbandoned || !TRANSIENT.has(error.code) || waiter.attempts >= ATTEMPTS_MAX) {
      waiter.answer.reject(error);
    } else if (waiter.attempts === 1) {
      this.#enqueue(waiter);
    } else {
      this.#options.clock.after(waiter.attempts * PAUSE_MS, () => this.#enqueue(waiter));
    }
  }
}

function refusalError(intent: Intent, { code, bound }: RefusedCommand): CaissonError {
  const startTs = intent.kind === 'write' ? intent.request.startTs : undefined;
  if (code === 'INVALID_ARGUMENT')
    return new CaissonError(code, { field: 'startTs', limit: bound, ts: startTs ?? 0n });
  if (code === 'RESULT_EXPIRED') return new CaissonError(code, { startTs: startTs ?? 0n, floor: bound });
  return new CaissonError(code, { lastCommitTs: bound });
}
