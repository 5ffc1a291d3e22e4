import type { ErrorCode } from './errors/catalogue.js';
import type { CallContext } from './kv-service.js';
import { slot } from './token.js';

/** What is known of an order before it is carried out. Never a secret, a value or a key of users. */
export interface AuditedOrder {
  /** Name of the order, such as `encryption.rotate`. */
  readonly what: string;
  /** What was ordered beyond the name, for people. */
  readonly detail: string;
  /** The caller, as whoever let them in knows them. */
  readonly who: string;
  /** Where the call came from. */
  readonly from: string;
}

/** An order whose beginning is on record. */
export interface AuditedCall {
  /**
   * Puts on record how it ended; called once, also for an order that failed. Resolves when that is committed,
   * and rejects when it may not be: then nobody may be told that the order was carried out.
   */
  end(result: 'ok' | ErrorCode): Promise<void>;
}

/** A row of the record as it is stored, for whoever wants to compute the chain again. */
export interface AuditRowBytes {
  readonly number: number;
  readonly row: Uint8Array;
}

/** Rows in order; the last page carries the head, and no rows are behind it. */
export interface AuditPage {
  readonly rows: readonly AuditRowBytes[];
  /** The head as it is stored; empty while there is no line. Of the same moment as the rows. */
  readonly head?: Uint8Array;
}

/**
 * What was ordered of this cluster, by whom and with what result: replicated like data, never shortened, each
 * line bound to the one before by a hash.
 *
 * An order that is recorded has its beginning committed before anything of it happens, and its end before
 * anybody is told. A beginning without an end is an order that a crash or the loss of a quorum interrupted:
 * the state of the cluster says what came of it.
 */
export interface AuditService {
  /**
   * Resolves when the beginning is committed. A rejection means that nothing may be done: `UNAVAILABLE`,
   * `UNKNOWN_OUTCOME` and what else keeps an entry from being committed.
   */
  begin(order: AuditedOrder, context: CallContext): Promise<AuditedCall>;
  /**
   * Records in the background that calls were turned away. Best effort and bounded: when they come fast they
   * share a line, which says how many it stands for; while there is no quorum they go unrecorded.
   */
  refused(order: AuditedOrder, code: ErrorCode): void;
  /**
   * The record as of one moment, from line `first` on. With `current`, everything that was acknowledged
   * before the call is in it; else it is what this node has applied.
   */
  read(
    asked: { readonly first: number; readonly current?: boolean },
    context: CallContext,
  ): AsyncIterable<AuditPage>;
}

export const AuditService = slot<AuditService>('AuditService');
