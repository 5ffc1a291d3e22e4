import { NONE } from '../message/entry.js';
import type { Message } from '../message/message.js';
import { hasCommittedInTerm } from './append.js';
import type { Raft } from './raft.js';
import { broadcastHeartbeat } from './replicate.js';

/**
 * Answers a read with an index that covers every write acknowledged before it was asked, once it is sure
 * that nobody else has led since.
 */
export function handleReadIndex(raft: Raft, request: Message): void {
  // A new leader may have to learn from its own first entry what its predecessors committed.
  if (!hasCommittedInTerm(raft)) {
    raft.postponedReads.push(request);
    return;
  }
  startRead(raft, request);
}

function startRead(raft: Raft, request: Message): void {
  const index = raft.log.committed;
  // Whoever was told to campaign at once is not held back by our lease, so it no longer proves anything.
  if (raft.options.readMode === 'lease-based' && !raft.isLeaseForfeited) {
    answer(raft, request, index);
    return;
  }
  raft.readQueue.add({ request, index }, raft.id);
  answerConfirmedReads(raft);
  if (raft.readQueue.isWaiting) broadcastHeartbeat(raft);
}

/** Starts the reads that waited for the first commit of this term. */
export function releasePostponedReads(raft: Raft): void {
  if (raft.postponedReads.length === 0 || !hasCommittedInTerm(raft)) return;
  const requests = raft.postponedReads;
  raft.postponedReads = [];
  for (const request of requests) startRead(raft, request);
}

export function answerConfirmedReads(raft: Raft): void {
  for (const { request, index } of raft.readQueue.takeConfirmed(raft.tracker.membership)) {
    answer(raft, request, index);
  }
}

function answer(raft: Raft, request: Message, index: number): void {
  if (request.from === NONE || request.from === raft.id) {
    raft.readStates.push({ index, context: request.entries[0]!.data });
  } else {
    raft.send({ type: 'MsgReadIndexResp', to: request.from, index, entries: request.entries });
  }
}
