import type { Consistency } from './replication-engine.js';
import { slot } from './token.js';

/** What one client call carries beside its request. */
export interface CallContext {
  readonly signal?: AbortSignal;
}

/** A hybrid logical timestamp: milliseconds since 1970 in the upper 48 bits, a counter in the lower 16. */
export type Timestamp = bigint;

export interface GetRequest {
  readonly key: Uint8Array;
  /** Reads as of this timestamp; `READ_TS_COMPACTED` below the retention floor. */
  readonly ts?: Timestamp;
  /** Default linearizable. Ignored with `ts`, which waits until this node has everything up to it. */
  readonly consistency?: Consistency;
}

export interface GetResponse {
  /** Absent for a key that does not exist, was deleted, or has expired. */
  readonly found?: {
    readonly value: Uint8Array;
    readonly commitTs: Timestamp;
    /** 0n for never. */
    readonly expireAt: Timestamp;
  };
  readonly readTs: Timestamp;
  readonly staleMs: number;
}

export interface ScanRequest {
  /** Half-open range of user keys; without `to` up to the last key. */
  readonly from: Uint8Array;
  readonly to?: Uint8Array;
  readonly reverse?: boolean;
  /** At most so many pairs in this page, 1..10000; default 1000. A page also ends at about 1 MiB. */
  readonly limit?: number;
  readonly keysOnly?: boolean;
  readonly ts?: Timestamp;
  readonly consistency?: Consistency;
  /** Of the page before: continues behind it, at the same timestamp. Opaque. */
  readonly continuation?: Uint8Array;
}

export interface ScannedPair {
  readonly key: Uint8Array;
  /** Absent with `keysOnly`. */
  readonly value?: Uint8Array;
  readonly commitTs: Timestamp;
}

export interface ScanResponse {
  readonly pairs: readonly ScannedPair[];
  /** Absent on the last page. */
  readonly continuation?: Uint8Array;
  readonly readTs: Timestamp;
  readonly staleMs: number;
}

export type Mutation =
  | {
      readonly op: 'put';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      /** Milliseconds from the commit; absent for never. At least 1. */
      readonly ttlMs?: number;
    }
  | { readonly op: 'delete'; readonly key: Uint8Array }
  /** Deletes at most `limit` keys (1..10000, default 1000); the result says whether more are left. */
  | { readonly op: 'deletePrefix'; readonly prefix: Uint8Array; readonly limit?: number };

export type Expectation =
  | { readonly kind: 'absent' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'value'; readonly value: Uint8Array }
  /** The newest version was committed at exactly this timestamp. */
  | { readonly kind: 'version'; readonly ts: Timestamp };

export interface Condition {
  readonly key: Uint8Array;
  readonly expect: Expectation;
}

export interface ReadRange {
  readonly from: Uint8Array;
  readonly to?: Uint8Array;
}

/** One atomic write: everything or nothing, at one commit timestamp. */
export interface WriteRequest {
  readonly mutations: readonly Mutation[];
  /** All must hold at the moment of the commit, else nothing happens. */
  readonly conditions?: readonly Condition[];
  /** 16 bytes. The same id again returns the first answer and has no further effect. */
  readonly requestId?: Uint8Array;
  /** With a start, the read keys, read ranges and written keys must not have changed since it. */
  readonly startTs?: Timestamp;
  readonly readKeys?: readonly Uint8Array[];
  readonly readRanges?: readonly ReadRange[];
}

/** All of these are answers; none is an error. */
export type WriteResponse =
  | {
      readonly kind: 'committed';
      readonly commitTs: Timestamp;
      /** Keys removed by `delete` and `deletePrefix` that existed. */
      readonly deleted: number;
      /** Whether a `deletePrefix` left keys behind. */
      readonly more: boolean;
    }
  /** Something read or written changed since `startTs`. `keyHash` is FNV-1a 64 of the key, 0n for a range. */
  | { readonly kind: 'conflict'; readonly keyHash: bigint }
  /** Condition number `condition` did not hold; `currentTs` is the key's newest version, if any. */
  | { readonly kind: 'failed'; readonly condition: number; readonly currentTs?: Timestamp };

export interface BeginResponse {
  /** Everything committed up to here is visible to reads at it, on this node, and nothing later ever is. */
  readonly startTs: Timestamp;
}

/**
 * The key-value operations of one node, behind every gateway.
 *
 * Requests are checked against the limits before anything is proposed: `INVALID_ARGUMENT` with `field`,
 * `limit` and the size seen. Arrays in a request must not change until the call settles. A write whose call
 * fails with
 * `DEADLINE_EXCEEDED`, `CANCELLED`, `UNKNOWN_OUTCOME` or `APPLY_HALTED` may have happened.
 */
export interface KvService {
  get(request: GetRequest, context: CallContext): Promise<GetResponse>;
  scan(request: ScanRequest, context: CallContext): Promise<ScanResponse>;
  write(request: WriteRequest, context: CallContext): Promise<WriteResponse>;
  /** Starts a transaction: a linearizable point to read at. Nothing is held on the server. */
  begin(context: CallContext): Promise<BeginResponse>;
}

export const KvService = slot<KvService>('KvService');
