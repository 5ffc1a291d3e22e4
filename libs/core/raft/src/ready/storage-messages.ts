import { APPEND_THREAD, APPLY_THREAD, type Entry } from '../message/entry.js';
import { createMessage, type Message } from '../message/message.js';
import { isEmptyHardState } from '../message/state.js';
import type { Raft } from '../node/raft.js';
import type { Ready } from './ready.js';

/**
 * The append thread's work: what to write, and what to send once it is durable. Undefined if there is
 * neither.
 *
 * Work without responses needs no durability of its own.
 */
export function storageAppend(raft: Raft, ready: Ready): Message | undefined {
  const { entries, snapshot, hardState } = ready;
  const changed = hardState !== undefined && !isEmptyHardState(hardState) ? hardState : undefined;
  const hasWork = entries.length > 0 || changed !== undefined || snapshot !== undefined;
  if (!hasWork && raft.messagesAfterAppend.length === 0) return undefined;
  const confirmation = storageAppendResponse(raft, ready);
  return createMessage({
    ...changed,
    type: 'MsgStorageAppend',
    from: raft.id,
    to: APPEND_THREAD,
    entries,
    snapshot,
    // The promises first: a leader counts its own entries before it drops them from the unstable log.
    responses: confirmation ? [...raft.messagesAfterAppend, confirmation] : raft.messagesAfterAppend,
  });
}

/**
 * What the append thread confirms to us. Undefined if there is nothing to confirm.
 *
 * It speaks of the whole log as it is now, not of this Ready alone, and it carries the present term, to be
 * ignored if that has changed when it arrives. Entries of an older term may be replaced by ones still
 * queued behind them and then come back, so an index and a term alone would not tell which write is
 * confirmed. No confirmation is lost for good: a change of term is itself written, and what confirms that
 * covers the log again.
 */
export function storageAppendResponse(raft: Raft, { snapshot }: Ready): Message | undefined {
  const hasEntries = raft.log.hasUnstableEntries();
  if (!hasEntries && snapshot === undefined) return undefined;
  const last = hasEntries ? raft.log.lastId() : { term: 0, index: 0 };
  return createMessage({
    type: 'MsgStorageAppendResp',
    from: APPEND_THREAD,
    to: raft.id,
    term: raft.term,
    index: last.index,
    logTerm: last.term,
    snapshot,
  });
}

/** The apply thread's work. Undefined if there is none. */
export function storageApply(raft: Raft, { committedEntries: entries }: Ready): Message | undefined {
  const confirmation = storageApplyResponse(raft, entries);
  if (confirmation === undefined) return undefined;
  const responses = [confirmation];
  return createMessage({ type: 'MsgStorageApply', from: raft.id, to: APPLY_THREAD, entries, responses });
}

export const storageApplyResponse = (raft: Raft, entries: readonly Entry[]): Message | undefined =>
  entries.length === 0
    ? undefined
    : createMessage({ type: 'MsgStorageApplyResp', from: APPLY_THREAD, to: raft.id, entries });
