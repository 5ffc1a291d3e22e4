import type { IncomingSnapshot, OutgoingSnapshot, RaftLog } from '@caisson/contracts';
import type { Membership } from '@caisson/formats';

/** What a snapshot stands for: everything up to and including one entry. */
export interface SnapshotPoint {
  readonly index: number;
  readonly term: number;
}

/** A stream over the state of one moment, which it holds until it is closed. */
export interface OpenSnapshot {
  readonly outgoing: OutgoingSnapshot;
  /** Lets go of the state. Harmless when repeated. */
  close(): Promise<void>;
}

/** Where a leader gets the snapshots it sends. */
export interface SnapshotSource {
  /**
   * The replicated state as it is now, to be delivered with `frame`.
   *
   * Called inside the group's writer queue: nothing is applied until it resolves, the store stands at
   * `point`, and its membership row is the one in force there. Only the view is taken meanwhile; the bytes
   * are read when they are sent.
   */
  open(point: SnapshotPoint, frame: Uint8Array): Promise<OpenSnapshot>;
}

/** A stream that was received whole and found good. The state in force is still the old one. */
export interface VerifiedSnapshot {
  readonly point: SnapshotPoint;
  /** The membership as of `point`, as the stream says and its rows agree. */
  readonly membership: Membership;
  /**
   * Puts it in the place of everything: keys, store and log, which then starts at `point` with the term and
   * vote of `hardState` and a commit index not below `point`.
   *
   * Called inside the writer queue while nothing is appended. From the first durable step on a crash leads to
   * the new state, finished by `SnapshotRecovery.finish`; before it, to the old one. A rejection is fatal:
   * the process must end. The `Store` object of the group stays the same and shows the new state afterwards.
   */
  install(log: RaftLog, hardState: { readonly term: number; readonly vote: bigint }): Promise<void>;
  /** Drops what was received: it brings nothing new. Harmless after `install`. */
  discard(): Promise<void>;
}

/** Where a follower keeps what it is sent. One stream at a time; another one replaces what was kept. */
export interface SnapshotSink {
  /** See `RaftReceiver.keptChunks`. */
  keptChunks(incoming: IncomingSnapshot): Promise<number>;
  /**
   * Takes the rest of the stream and verifies it. Nothing in force changes, whatever happens; a refusal says
   * why, by its code.
   */
  receive(
    incoming: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<VerifiedSnapshot>;
  /** Drops what is kept of streams that were not taken over. Not while one is received or installed. */
  tidy?(): Promise<void>;
}

/** Snapshots of one group, both ways. */
export interface GroupSnapshots extends SnapshotSource, SnapshotSink {
  /** Ends transfers under way and closes what they hold. */
  close(): Promise<void>;
}

/** Finishes, or undoes, an installation that a crash interrupted. */
export interface SnapshotRecovery {
  /** Called with the group's log open and its store not yet: before the guards of the start. */
  finish(group: number, log: RaftLog, signal?: AbortSignal): Promise<void>;
}

/** Snapshots of all groups of a node. */
export interface NodeSnapshots extends SnapshotRecovery {
  /** Of an open group. */
  group(id: number): GroupSnapshots;
}
