import { CONTRACTS_VERSION, definePlugin } from '@caisson/contracts';
import { encryptionServices } from '@caisson/encryption';
import { z } from 'zod';

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
  })
  .prefault({});

/** Encryption at rest: the door to the store, the entries that make keys, and what brings them about. */
export const applierEncryption = definePlugin<z.output<typeof Config>>({
  id: 'applier-encryption',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: ({ compression, ...config }) =>
    encryptionServices({ ...config, compression: compression === 'snappy' }),
});
