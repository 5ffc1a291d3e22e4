import {
  type AuditedCall,
  type AuditedOrder,
  type AuditPage,
  type AuditService,
  CaissonError,
  type CallContext,
  type Clock,
  type DataDirectory,
  type ErrorCode,
  isCaissonError,
  type Logger,
  type Random,
  type ReplicatedGroup,
  type ReplicationEngine,
} from '@caisson/contracts';
import {
  AUDIT_CALL_BYTES,
  AUDIT_HEAD_KEY,
  AUDIT_TEXT_MAX,
  auditLineRange,
  type AuditLine,
  decodeAuditLineKey,
  encodeAuditEntry,
} from '@caisson/formats';
import { Refusals } from './refusals.js';

export interface AuditTrailParts {
  readonly engine: Pick<ReplicationEngine, 'groups' | 'group'>;
  readonly directory: Pick<DataDirectory, 'identity'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A line that nobody could commit for so long is given up. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 20;
const PAUSE_MS_MAX = 500;
const PAGE = { pairs: 256, bytes: 256 * 1024 };

/** The record of a cluster, kept in the first of its groups and written from any node. */
export class AuditTrail implements AuditService {
  readonly #parts: AuditTrailParts;
  readonly #refusals: Refusals;

  constructor(parts: AuditTrailParts) {
    this.#parts = parts;
    this.#refusals = new Refusals(parts, (order, result, count) =>
      this.#write({ ...this.#line('refused', order), result, count }),
    );
  }

  async begin(order: AuditedOrder, { signal }: CallContext): Promise<AuditedCall> {
    const line = this.#line('begun', order);
    await this.#write(line, signal);
    return {
      end: async (result) => {
        const { at } = this.#line('ended', order);
        try {
          // Not with the signal of the call: the end of an order whose caller has left is recorded as well.
          await this.#write({ ...line, kind: 'ended', at, result });
        } catch (error) {
          const { logger } = this.#parts;
          logger.log('warn', 'the end of an order is not on record', { order: order.what, result, error });
          throw error;
        }
      },
    };
  }

  refused(order: AuditedOrder, code: ErrorCode): void {
    this.#refusals.add(order, code);
  }

  async *read(
    { first, current = false }: { readonly first: number; readonly current?: boolean },
    { signal }: CallContext,
  ): AsyncGenerator<AuditPage, void, undefined> {
    const group = this.#group();
    if (current) await group.readBarrier('linearizable', signal);
    const view = group.store.view();
    try {
      const head = await view.get(AUDIT_HEAD_KEY);
      const cursor = view.scan(auditLineRange(Math.max(1, first)));
      for (;;) {
        signal?.throwIfAborted();
        const pairs = await cursor.next(PAGE);
        if (pairs.length === 0) return yield { rows: [], ...(head && { head }) };
        yield { rows: pairs.map(({ key, value }) => ({ number: decodeAuditLineKey(key), row: value })) };
      }
    } finally {
      await view.close();
    }
  }

  stop(): void {
    this.#refusals.stop();
  }

  #group(): ReplicatedGroup {
    const { engine } = this.#parts;
    const [first] = engine.groups;
    if (first === undefined) throw new CaissonError('UNAVAILABLE', { problem: 'this node has no group' });
    return engine.group(first);
  }

  #line(kind: AuditLine['kind'], { what, detail, who, from }: AuditedOrder): AuditLine {
    const { clock, directory, random } = this.#parts;
    return {
      kind,
      call: random.bytes(AUDIT_CALL_BYTES),
      at: BigInt(Math.max(0, Math.floor(clock.nowMs()))) << 16n,
      node: shortened(directory.identity.name, AUDIT_TEXT_MAX.node),
      who: shortened(who, AUDIT_TEXT_MAX.who),
      from: shortened(from, AUDIT_TEXT_MAX.from),
      what: shortened(what, AUDIT_TEXT_MAX.what),
      detail: shortened(detail, AUDIT_TEXT_MAX.detail),
      result: '',
      count: 1,
    };
  }

  /** A line whose fate is unknown is proposed again; the chain takes it once. */
  async #write(line: AuditLine, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const endMs = clock.monotonicMs() + PATIENCE_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const failure = await this.#propose(
        encodeAuditEntry(line),
        Math.max(1, endMs - clock.monotonicMs()),
        signal,
      );
      if (failure === undefined) return;
      if (failure.entry.retry === 'after-fix' || failure.entry.retry === 'never') throw failure;
      if (clock.monotonicMs() + pauseMs >= endMs) throw failure;
      await clock.sleep(pauseMs, signal);
    }
  }

  async #propose(
    payload: Uint8Array,
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<CaissonError | undefined> {
    const control = new AbortController();
    const leave = () => control.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', leave, { once: true });
    const problem = 'the line was not committed in time';
    const endLimit = this.#parts.clock.after(limitMs, () =>
      control.abort(new CaissonError('UNKNOWN_OUTCOME', { problem })),
    );
    try {
      const { outcome } = await this.#group().propose(payload, { source: 'system', signal: control.signal });
      return outcome.kind === 'refused' ? outcome.error : undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCaissonError(error)) throw error;
      return error;
    } finally {
      endLimit();
      signal?.removeEventListener('abort', leave);
    }
  }
}

function shortened(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
