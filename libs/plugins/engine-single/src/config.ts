import { DEFAULT_APPLY_LIMITS, DEFAULT_PROPOSAL_LIMITS } from '@caisson/node';
import { z } from 'zod';

const positive = z.int().positive();
const mebibytes = (count: number): number => count * 1024 * 1024;

export const EngineSingleConfig = z
  .strictObject({
    /** Ids of the groups this node keeps, each with a log and a store of its own. */
    groups: z
      .array(positive)
      .min(1)
      .refine((ids) => new Set(ids).size === ids.length, 'a group is listed twice')
      .default([1]),
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
        /** One read of the log while it is replayed. */
        replayBytes: positive.default(mebibytes(8)),
      })
      .prefault({}),
    compaction: z
      .strictObject({
        /** Entries or bytes after which the log is compacted, whichever comes first. */
        entries: positive.default(16_384),
        bytes: positive.default(mebibytes(64)),
        /** Applied entries that stay readable behind the compaction point, unless bytes asked for it. */
        keepEntries: z.int().nonnegative().default(1024),
      })
      .prefault({}),
  })
  .prefault({});

export type EngineSingleConfig = z.output<typeof EngineSingleConfig>;
