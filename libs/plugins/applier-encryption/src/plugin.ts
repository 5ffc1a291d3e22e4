import { CONTRACTS_VERSION, definePlugin } from '@caisson/contracts';
import { encryptionServices } from '@caisson/encryption';
import { z } from 'zod';

const Config = z
  .strictObject({
    /** Off means clear values and a clear log; a directory that was ever encrypted refuses to open so. */
    enabled: z.boolean().default(true),
    /** The envelope version that is written. Every version this build knows is read. */
    envelopeVersion: z.literal(1).default(1),
  })
  .prefault({});

/** Encryption at rest: the door to the store, the entries that make keys, and what brings them about. */
export const applierEncryption = definePlugin<z.output<typeof Config>>({
  id: 'applier-encryption',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: (config) => encryptionServices(config),
});
