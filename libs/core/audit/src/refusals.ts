import type { AuditedOrder, Clock, ErrorCode, Logger } from '@caisson/contracts';

type Write = (order: AuditedOrder, code: ErrorCode, count: number) => Promise<void>;

interface Waiting {
  readonly order: AuditedOrder;
  readonly code: ErrorCode;
  count: number;
}

/** At most one batch of lines in so long: whoever is turned away must not be able to fill the log. */
const PAUSE_MS = 5_000;
/** Different refusals that one batch may tell apart; further ones are counted to the last of them. */
const KINDS_MAX = 8;

/** Calls that were turned away, gathered so that many of them make few lines. */
export class Refusals {
  readonly #parts: { readonly clock: Pick<Clock, 'after'>; readonly logger: Logger };
  readonly #write: Write;
  readonly #waiting = new Map<string, Waiting>();
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(parts: { readonly clock: Pick<Clock, 'after'>; readonly logger: Logger }, write: Write) {
    this.#parts = parts;
    this.#write = write;
  }

  add(order: AuditedOrder, code: ErrorCode): void {
    if (this.#isStopped) return;
    const key = [order.who, order.what, code].join('\n');
    const known = this.#waiting.get(key) ?? this.#last();
    if (known !== undefined) known.count++;
    else this.#waiting.set(key, { order, code, count: 1 });
    if (this.#cancel === undefined) this.#flush();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #last(): Waiting | undefined {
    return this.#waiting.size < KINDS_MAX ? undefined : [...this.#waiting.values()].at(-1);
  }

  #flush(): void {
    const lines = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#cancel = undefined;
    if (lines.length === 0 || this.#isStopped) return;
    this.#cancel = this.#parts.clock.after(PAUSE_MS, () => this.#flush());
    for (const { order, code, count } of lines) void this.#record(order, code, count);
  }

  async #record(order: AuditedOrder, code: ErrorCode, count: number): Promise<void> {
    try {
      await this.#write(order, code, count);
    } catch (error) {
      this.#parts.logger.log('warn', 'a refusal is not on record', { order: order.what, code, count, error });
    }
  }
}
