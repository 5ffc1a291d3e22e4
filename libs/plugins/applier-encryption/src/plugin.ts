import { CONTRACTS_VERSION, definePlugin } from '@caisson/contracts';
import { encryptionServices, EPOCH_MAX, USAGE_LIMITS } from '@caisson/encryption';
import { z } from 'zod';

const KIB = 1024;
const Bytes = z.number().int().min(KIB);

const Config = z
  .strictObject({
    /** Off means clear values and a clear log; a directory that was ever encrypted refuses to open so. */
    enabled: z.boolean().default(true),
    /**
     * The envelope version that is written; both are read. Version 1 is for clusters that still have nodes
     * which cannot read 2: it does not survive a disk that is rolled back or cloned.
     */
    envelopeVersion: z.union([z.literal(1), z.literal(2)]).default(2),
    /**
     * Compresses values before they are sealed. How long a sealed value is then says something about what is
     * in it: see the guide to keys. Compressed values are read either way.
     */
    compression: z.enum(['snappy', 'none']).default('snappy'),
    /**
     * How much is sealed under one salt of a process (then another is drawn), and under one data key by the
     * whole cluster: at `soft` the leader rotates by itself, at `hard` it refuses users' writes until it has.
     */
    usage: z
      .strictObject({
        saltBytes: Bytes.default(USAGE_LIMITS.salt),
        softBytes: Bytes.default(USAGE_LIMITS.soft),
        hardBytes: Bytes.default(USAGE_LIMITS.hard),
      })
      .refine(({ softBytes, hardBytes }) => softBytes <= hardBytes, {
        path: ['softBytes'],
        message: 'is above hardBytes',
      })
      .prefault({}),
    /**
     * The last epoch that this node takes under one data key: each start takes one, and a start beyond is
     * refused. Less than all that fit is for trying out what happens then.
     */
    epochMax: z.number().int().min(1).max(EPOCH_MAX).default(EPOCH_MAX),
    /** How often each KEK is tried out on a data key; a failure degrades health. */
    kekCanaryMs: z.number().int().min(100).default(60_000),
    /**
     * Data keys to get away from, by their ids. Whoever leads replaces those that are active, before it
     * serves. It may stay in the configuration of all members: a key is replaced once.
     */
    rotateOnStartup: z
      .strictObject({
        purpose: z.enum(['storage', 'raft', 'both', 'none']),
        from: z.array(z.number().int().min(1).max(0xffff_ffff)).max(64).default([]),
      })
      .optional(),
  })
  .prefault({});

/** Encryption at rest: the door to the store, the entries that make keys, and what brings them about. */
export const applierEncryption = definePlugin<z.output<typeof Config>>({
  id: 'applier-encryption',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: ({ compression, usage, ...config }) =>
    encryptionServices({
      ...config,
      compression: compression === 'snappy',
      usage: { salt: usage.saltBytes, soft: usage.softBytes, hard: usage.hardBytes },
    }),
});
