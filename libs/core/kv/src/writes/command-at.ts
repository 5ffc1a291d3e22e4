import type { Mutation, Timestamp, WriteRequest } from '@caisson/contracts';
import type { Command, CommandMutation } from '@caisson/formats';
import { addMs } from '@caisson/mvcc';
import { DELETE_PREFIX_DEFAULT } from '../limits.js';

/** What waits to become a command, without its times. */
export type Intent =
  | { readonly kind: 'write'; readonly request: WriteRequest }
  | { readonly kind: 'floor'; readonly floor: Timestamp };

/** The command with its times resolved: apply must not ask what time it is. */
export function commandAt(intent: Intent, commitTs: Timestamp): Command {
  if (intent.kind === 'floor') return { kind: 'floor', floor: intent.floor, commitTs };
  const { mutations, conditions = [], readKeys = [], readRanges = [], requestId, startTs } = intent.request;
  return {
    kind: 'write',
    commitTs,
    ...(requestId !== undefined && { requestId }),
    ...(startTs !== undefined && { startTs }),
    readKeys,
    readRanges,
    conditions,
    mutations: mutations.map((mutation) => mutationAt(mutation, commitTs)),
  };
}

function mutationAt(mutation: Mutation, commitTs: Timestamp): CommandMutation {
  if (mutation.op === 'delete') return mutation;
  if (mutation.op === 'deletePrefix') {
    return { op: 'deletePrefix', prefix: mutation.prefix, limit: mutation.limit ?? DELETE_PREFIX_DEFAULT };
  }
  const { key, value, ttlMs } = mutation;
  return { op: 'put', key, value, expireAt: ttlMs === undefined ? 0n : addMs(commitTs, ttlMs) };
}
