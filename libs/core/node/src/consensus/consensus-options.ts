import type { ApplyLimits, ProposalLimits } from '../limits.js';

/** How one group keeps time, how much it holds, and when it gives up. */
export interface ConsensusOptions {
  readonly ticks: {
    /** How long one tick of the core is. */
    readonly ms: number;
    /** Ticks without news of a leader after which a node campaigns; the wait is up to twice that. */
    readonly election: number;
    /** Ticks between the heartbeats of a leader. */
    readonly heartbeat: number;
  };
  /** Whether a leader may answer reads while its lease holds; see `ReadLease`. The same on all members. */
  readonly hasReadLease: boolean;
  readonly proposals: ProposalLimits;
  /** What is proposed, and appended, at once. */
  readonly append: { readonly entries: number; readonly bytes: number };
  readonly apply: ApplyLimits;
  readonly replication: {
    /** Of entries in one message. */
    readonly messageBytes: number;
    /** Messages with entries on their way to one member. */
    readonly inflightMessages: number;
    readonly inflightBytes: number;
    /** Payloads in the log of a leader that are not applied; beyond it proposals are refused. */
    readonly uncommittedBytes: number;
    /** Committed entries with the apply loop at once. */
    readonly applyingBytes: number;
  };
  readonly compaction: CompactionLimits;
  readonly waits: {
    /** How long a proposal waits for a leader before it is refused. */
    readonly leaderMs: number;
    /** How long a read waits for its confirmation. */
    readonly readMs: number;
    /** How long one snapshot may be on its way. */
    readonly snapshotMs: number;
    /** How long a drain waits for somebody to take over. */
    readonly handoverMs: number;
  };
}

/**
 * Everything in the log is held in memory as well, so these bound both: a log is shortened once it holds
 * `entries` or `bytes` beyond what is kept for members that fall behind a little.
 */
export interface CompactionLimits {
  readonly entries: number;
  readonly bytes: number;
  /** Applied entries that stay, as long as they fit `keepBytes`. */
  readonly keepEntries: number;
  readonly keepBytes: number;
  /** Up to here the log waits for a snapshot that is being sent, so that its receiver can go on from it. */
  readonly holdBytes: number;
}
