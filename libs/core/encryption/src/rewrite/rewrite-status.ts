import type { CaissonError } from '@caisson/contracts';
import type { RewriteCursor } from './rewrite-cursor.js';

export type RewriteState = 'idle' | 'counting' | 'running' | 'scrubbing' | 'finished' | 'stopped' | 'failed';

/** How rewriting stands in one group of this node. */
export interface RewriteStatus {
  readonly group: number;
  readonly state: RewriteState;
  /** The key that values are moved to. */
  readonly keyId?: number;
  /** Values rewritten, and how many there were; others may rewrite or remove some first. */
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  /** As measured since this process went on with it. */
  readonly bytesPerSecond: number;
  /** At the speed so far; absent where nothing runs or nothing is known yet. */
  readonly remainingMs?: number;
  /** What stopped it. */
  readonly error?: CaissonError;
}

export interface RunView {
  readonly state: RewriteState;
  readonly cursor?: RewriteCursor;
  /** Where this process went on. */
  readonly from?: Pick<RewriteCursor, 'done' | 'bytes'>;
  /** By the monotonic clock. */
  readonly sinceMs?: number;
  readonly error?: CaissonError;
}

export const idle: RunView = Object.freeze({ state: 'idle' });

export function statusOf(group: number, view: RunView, nowMs: number): RewriteStatus {
  const { state, cursor, error } = view;
  if (cursor === undefined) {
    return { group, state, done: 0, total: 0, bytes: 0, bytesPerSecond: 0, ...(error && { error }) };
  }
  const { done, total, bytes, target } = cursor;
  const remainingMs = remaining(view, nowMs);
  return {
    group,
    state,
    keyId: target.keyId,
    done,
    total,
    bytes,
    bytesPerSecond: speed(view, nowMs),
    ...(remainingMs !== undefined && { remainingMs }),
    ...(error && { error }),
  };
}

function speed({ cursor, from, sinceMs, state }: RunView, nowMs: number): number {
  if (state !== 'running' || sinceMs === undefined || nowMs <= sinceMs) return 0;
  return Math.round(((cursor!.bytes - from!.bytes) * 1000) / (nowMs - sinceMs));
}

function remaining({ cursor, from, sinceMs, state }: RunView, nowMs: number): number | undefined {
  if (state !== 'running' || sinceMs === undefined) return undefined;
  const doneHere = cursor!.done - from!.done;
  if (doneHere === 0) return undefined;
  return Math.round(((cursor!.total - cursor!.done) * (nowMs - sinceMs)) / doneHere);
}
