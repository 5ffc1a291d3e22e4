import { invariant } from '@caisson/base';
import { hex } from '../debug/describe-state.js';
import { type Entry, payloadSize, payloadsSize } from '../message/entry.js';
import type { Raft } from './raft.js';

/**
 * Appends entries of our own as leader: gives them their place and promises them to ourselves, to be counted
 * once durable. False, and nothing happened, if too much is uncommitted already.
 */
export function appendOwn(raft: Raft, entries: readonly Entry[]): boolean {
  if (!hasRoomFor(raft, payloadsSize(entries))) {
    const text = 'appending new entries to log would exceed uncommitted entry size limit; dropping proposal';
    raft.say('warn', `${hex(raft.id)} ${text}`);
    return false;
  }
  const last = raft.log.lastIndex();
  const placed = entries.map((entry, at) => place(raft, entry, last + 1 + at));
  raft.uncommittedSize += payloadsSize(placed);
  for (const entry of placed) if (entry.type === 'EntryNormal') raft.trace('Replicate');
  raft.log.append(placed);
  raft.send({ type: 'MsgAppResp', to: raft.id, index: raft.log.lastIndex() });
  return true;
}

/** One over-large proposal is let in when nothing waits, and entries without data always are. */
function hasRoomFor(raft: Raft, size: number): boolean {
  if (raft.uncommittedSize === 0 || size === 0) return true;
  return raft.uncommittedSize + size <= raft.options.maxUncommittedSize;
}

function place(raft: Raft, entry: Entry, index: number): Entry {
  const placed: Entry = { term: raft.term, index, type: entry.type, data: entry.data };
  const { onAppend } = raft.options;
  if (onAppend === undefined || entry.type !== 'EntryNormal' || payloadSize(entry) === 0) return placed;
  const prepared = onAppend(placed);
  const keepsPlace =
    prepared.term === placed.term && prepared.index === index && prepared.type === entry.type;
  invariant(
    'RAFT-17',
    keepsPlace && payloadSize(prepared) > 0,
    'a prepared entry left its place or its data',
  );
  return prepared;
}

/** Advances the commit index to what a quorum has. True if it moved. */
export function maybeCommit(raft: Raft): boolean {
  const hasMoved = raft.log.maybeCommit({ term: raft.term, index: raft.tracker.committed() });
  raft.trace('Commit');
  return hasMoved;
}

/** Whether what is committed is known to be all that ever was: true once an entry of our own term is. */
export const hasCommittedInTerm = (raft: Raft): boolean =>
  raft.log.termOrZero(raft.log.committed) === raft.term;
