import { maybeCommit } from './append.js';
import { releasePostponedReads } from './leader-reads.js';
import type { Raft } from './raft.js';
import { broadcastAppend } from './replicate.js';

/**
 * Commits what a quorum has and tells everybody, if only by empty appends. False if nothing new is
 * committed.
 */
export function commitAndBroadcast(raft: Raft): boolean {
  if (!maybeCommit(raft)) return false;
  releasePostponedReads(raft);
  broadcastAppend(raft);
  return true;
}
