import type { Raft } from '../node/raft.js';
import type { Entry } from '../message/entry.js';
import type { Message } from '../message/message.js';
import {
  equalHardState,
  equalSoftState,
  type HardState,
  isEmptyHardState,
  type ReadState,
  type Snapshot,
  type SoftState,
} from '../message/state.js';

/**
 * Everything a node wants done. The application does it in this order:
 *
 * 1. write `hardState`, `entries` and `snapshot` to storage, as one batch, synced if `mustSync` (a snapshot
 * needs its own sync); never entries before the snapshot they follow;
 * 2. send `messages`, in order per receiver; losing, repeating or delaying them is safe;
 * 3. apply `snapshot`, then `committedEntries`, passing every membership change to `applyConfChange`;
 * 4. call `advance`.
 *
 * Nothing in it is ever changed afterwards: it may be kept and worked on while the node goes on. With
 * asynchronous storage writes steps 1 and 3 come as messages to the storage threads among `messages`, and
 * there is no step 4; the fields stay filled for whoever wants to look.
 */
export interface Ready {
  /** If it changed. */
  readonly softState: SoftState | undefined;
  /** If it changed. */
  readonly hardState: HardState | undefined;
  readonly readStates: readonly ReadState[];
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
  readonly committedEntries: readonly Entry[];
  readonly messages: readonly Message[];
  /** Whether step 1 must survive power loss before step 2. Not for a mere change of the commit index. */
  readonly mustSync: boolean;
}

/** The soft and hard state the application knows. */
export interface Known {
  readonly softState: SoftState;
  readonly hardState: HardState;
}

export function hasReady(raft: Raft, known: Known): boolean {
  const { log } = raft;
  const { hardState } = raft;
  return (
    !equalSoftState(raft.softState, known.softState) ||
    (!isEmptyHardState(hardState) && !equalHardState(hardState, known.hardState)) ||
    log.unstable.nextSnapshot() !== undefined ||
    raft.messages.length > 0 ||
    raft.messagesAfterAppend.length > 0 ||
    log.unstable.offsetInProgress < log.unstable.offset + log.unstable.entries.length ||
    log.hasNextCommitted({ allowUnstable: raft.appliesUnstable }) ||
    raft.readStates.length > 0
  );
}

/** What there is to do, without its messages: those depend on who does the storage work. */
export function collectReady(raft: Raft, known: Known): Ready {
  const { hardState, softState, log } = raft;
  const entries = log.unstable.nextEntries();
  const isPromise = hardState.term !== known.hardState.term || hardState.vote !== known.hardState.vote;
  return {
    softState: equalSoftState(softState, known.softState) ? undefined : softState,
    hardState: equalHardState(hardState, known.hardState) ? undefined : hardState,
    readStates: raft.readStates,
    entries,
    snapshot: log.unstable.nextSnapshot(),
    committedEntries: log.nextCommitted({ allowUnstable: raft.appliesUnstable }),
    messages: raft.messages,
    mustSync: entries.length > 0 || isPromise,
  };
}
