import { z } from 'zod';

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;

const count = () => z.number().int().min(1);

/** Section `applier-kv` of the configuration. Every field has a default. */
export const ApplierKvConfig = z
  .strictObject({
    /** How far back reads at a timestamp, transactions and repeated request ids reach, at least. */
    retentionMs: count().default(HOUR_MS),
    /** How often the retention floor is raised and what lies below it removed. */
    retentionIntervalMs: count().default(HOUR_MS / 6),
    /** Largest value accepted. */
    valueBytesMax: count()
      .max(64 * MIB)
      .default(8 * MIB),
    /** Mutations, conditions, read keys and read ranges of one write, each. */
    writeItemsMax: count().max(100_000).default(10_000),
    /** Keys and values of one write together; one value of the largest size always fits. */
    writeBytesMax: count()
      .max(64 * MIB)
      .default(16 * MIB),
    /** How many waiting writes share one log entry. */
    gatherCommandsMax: count().max(10_000).default(256),
    /** How many bytes of waiting writes share one log entry. */
    gatherBytesMax: count()
      .max(16 * MIB)
      .default(MIB),
    /** How many writes may wait to be proposed; beyond it they are refused. */
    waitingMax: count().default(16_384),
    /** How many bytes of writes may wait to be proposed. */
    waitingBytesMax: count().default(64 * MIB),
    /**
     * How far above now the replicated ceiling of the clock is put. Timestamps may be ahead of the time of
     * day by about as much after a change of leadership.
     */
    ceilingWindowMs: count().max(60_000).default(3_000),
    /** How much of that window is left when the ceiling is renewed. */
    ceilingRenewalMs: count().default(1_000),
    /** How long a write waits for a ceiling to be renewed at most. */
    ceilingWaitMs: count().default(10_000),
  })
  .refine((config) => config.ceilingRenewalMs < config.ceilingWindowMs, {
    path: ['ceilingRenewalMs'],
    message: 'must be less than ceilingWindowMs',
  })
  .prefault({});

export type ApplierKvConfig = z.output<typeof ApplierKvConfig>;
