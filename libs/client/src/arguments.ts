import { CaissonError, type Mutation, type Timestamp, type WriteRequest } from '@caisson/contracts';
import { REQUEST_ID_BYTES } from '@caisson/formats';

/**
 * What does not even fit the fields of a request is refused here, as the server refuses what is beyond its
 * limits: `INVALID_ARGUMENT` with field and limit.
 */
const COUNT_MAX = 0xffff_ffff;
const TIMESTAMP_MAX = 0xffff_ffff_ffff_ffffn;

/** What a timer of the runtime can wait for: 24 days. Longer ones would end at once. */
const DEADLINE_MS_MAX = 2 ** 31 - 1;

/** The deadline as a timer takes it; `Infinity` is as long as possible. */
export function checkDeadline(deadlineMs: number): number {
  if (!(deadlineMs >= 0)) refuse('deadlineMs', 'not negative', String(deadlineMs));
  return Math.min(deadlineMs, DEADLINE_MS_MAX);
}

export function checkTimestamp(field: string, ts: Timestamp | undefined): void {
  if (ts !== undefined && (ts < 0n || ts > TIMESTAMP_MAX)) refuse(field, TIMESTAMP_MAX, ts);
}

export function checkCount(field: string, count: number | undefined, limit = COUNT_MAX): void {
  if (count === undefined || (Number.isInteger(count) && count >= 0 && count <= limit)) return;
  refuse(field, limit, String(count));
}

export function checkWrite({ mutations, conditions = [], requestId, startTs }: WriteRequest): void {
  if (requestId !== undefined && requestId.length !== REQUEST_ID_BYTES) {
    throw new CaissonError('INVALID_ARGUMENT', {
      field: 'requestId',
      limit: REQUEST_ID_BYTES,
      bytes: requestId.length,
    });
  }
  checkTimestamp('startTs', startTs);
  for (const { expect } of conditions)
    if (expect.kind === 'version') checkTimestamp('conditions.version', expect.ts);
  for (const [at, mutation] of mutations.entries()) checkMutation(mutation, at);
}

function checkMutation(mutation: Mutation, at: number): void {
  if (mutation.op === 'put') checkCount(`mutations[${at}].ttlMs`, mutation.ttlMs, Number.MAX_SAFE_INTEGER);
  if (mutation.op === 'deletePrefix') checkCount(`mutations[${at}].limit`, mutation.limit);
}

function refuse(field: string, limit: number | bigint | string, seen: bigint | string): never {
  throw new CaissonError('INVALID_ARGUMENT', { field, limit, seen });
}
