import {
  type ConsensusOptions,
  DEFAULT_ADMISSION_LIMITS,
  DEFAULT_APPLY_LIMITS,
  DEFAULT_PROPOSAL_LIMITS,
} from '@caisson/node';
import { z } from 'zod';

const positive = z.int().positive();
const mebibytes = (count: number): number => count * 1024 * 1024;
const seconds = (count: number): number => count * 1000;

export const EngineRaftConfig = z
  .strictObject({
    /** Ids of the groups this node keeps, each with a log and a store of its own. */
    groups: z
      .array(positive)
      .min(1)
      .refine((ids) => new Set(ids).size === ids.length, 'a group is listed twice')
      .default([1]),
    /** Where clients reach this node, for other nodes to send them here; empty where they should not. */
    clientAddress: z.string().max(1024).default(''),
    ticks: z
      .strictObject({
        /** Length of a tick, in which elections and heartbeats are counted. */
        ms: positive.default(100),
        /** Ticks without a leader after which a node campaigns; the wait is drawn from once to twice that. */
        election: z.int().min(2).default(10),
        /** Ticks between a leader's heartbeats. */
        heartbeat: positive.default(1),
      })
      .refine(({ election, heartbeat }) => heartbeat < election, 'heartbeats must come within an election')
      .prefault({}),
    /**
     * How a leader makes sure that it still leads before it lets a linearizable read pass: `safe` asks a
     * quorum each time; `lease-based` not again for most of an election timeout after it was asked, which
     * relies on monotonic clocks that run alike. The same on all members, and so are `ticks`: a member
     * without a lease may vote too soon after it started.
     */
    reads: z.enum(['safe', 'lease-based']).default('safe'),
    limits: z
      .strictObject({
        /** Proposals of one group between call and answer. */
        proposals: positive.default(DEFAULT_PROPOSAL_LIMITS.count),
        proposalBytes: positive.default(DEFAULT_PROPOSAL_LIMITS.bytes),
        payloadBytes: positive.default(DEFAULT_PROPOSAL_LIMITS.payloadBytes),
        /** One synced log append. */
        appendEntries: positive.default(512),
        appendBytes: positive.default(mebibytes(4)),
        /** One store batch of ordinary entries. */
        applyEntries: positive.default(DEFAULT_APPLY_LIMITS.entries),
        applyBytes: positive.default(DEFAULT_APPLY_LIMITS.bytes),
        /** Committed entries handed to the apply loop at a time, and one read of the log at the start. */
        applyingBytes: positive.default(mebibytes(8)),
        /** Payloads in a leader's log that are not applied; beyond it proposals are refused. */
        uncommittedBytes: positive.default(mebibytes(256)),
        /** Entries in one message to a member; a single larger one still goes. */
        messageBytes: positive.default(mebibytes(1)),
        /** Messages, and bytes of entries, on their way to one member. */
        inflightMessages: positive.default(256),
        inflightBytes: positive.default(mebibytes(32)),
      })
      .refine(
        ({ inflightBytes, messageBytes }) => inflightBytes >= messageBytes,
        'inflightBytes must hold a message',
      )
      .prefault({}),
    compaction: z
      .strictObject({
        /** Entries or bytes beyond the tail after which the log is compacted. All of it is held in memory. */
        entries: positive.default(16_384),
        bytes: positive.default(mebibytes(32)),
        /** Applied entries that stay for members that fell behind a little, if they fit the bytes. */
        keepEntries: z.int().nonnegative().default(4096),
        keepBytes: z.int().nonnegative().default(mebibytes(16)),
        /** How far the log may grow while a snapshot is sent, so that its receiver can go on from it. */
        holdBytes: positive.default(mebibytes(256)),
      })
      .prefault({}),
    membership: z
      .strictObject({
        /** A learner may become a voter once it lacks no more entries than this. */
        lagEntries: z.int().nonnegative().default(DEFAULT_ADMISSION_LIMITS.lagEntries),
        /** How long a node that is to be let in may take to say who it is. */
        answerMs: positive.default(DEFAULT_ADMISSION_LIMITS.answerMs),
      })
      .prefault({}),
    waits: z
      .strictObject({
        /** How long a proposal waits for a leader to be known before it is refused; 0: not at all. */
        leaderMs: z.int().nonnegative().default(0),
        /** How long a linearizable read, or a proposal passed on to the leader, waits for its answer. */
        readMs: positive.default(seconds(5)),
        /** How long one snapshot may be on its way. */
        snapshotMs: positive.default(seconds(1800)),
        /** How long a stop waits for another node to take over. */
        handoverMs: positive.default(seconds(5)),
      })
      .prefault({}),
  })
  .prefault({});

export type EngineRaftConfig = z.output<typeof EngineRaftConfig>;

/** The configuration in the words of the engine. */
export function consensusOptions(config: EngineRaftConfig): ConsensusOptions {
  const { compaction, limits, reads, ticks, waits } = config;
  return {
    ticks,
    hasReadLease: reads === 'lease-based',
    proposals: {
      count: limits.proposals,
      bytes: limits.proposalBytes,
      payloadBytes: limits.payloadBytes,
    },
    append: { entries: limits.appendEntries, bytes: limits.appendBytes },
    apply: { entries: limits.applyEntries, bytes: limits.applyBytes },
    replication: limits,
    compaction,
    waits,
  };
}
