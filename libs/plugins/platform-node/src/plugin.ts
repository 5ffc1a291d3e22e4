import { z } from 'zod';
import {
  Clock,
  CONTRACTS_VERSION,
  definePlugin,
  Disk,
  Hashes,
  Logger,
  Random,
  Secrets,
  service,
} from '@caisson/contracts';
import { NodeClock } from './clock.js';
import { NodeDisk } from './disk.js';
import { NodeHashes } from './hashes.js';
import { createLogger } from './logger.js';
import { NodeRandom } from './random.js';
import { NodeSecrets } from './secrets.js';

const Config = z
  .strictObject({
    log: z
      .strictObject({
        level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
        format: z.enum(['json', 'pretty']).default('json'),
      })
      .prefault({}),
  })
  .prefault({});

/** Time, randomness, hashes, files and log lines of the machine the process runs on. */
export const platformNode = definePlugin<z.output<typeof Config>>({
  id: 'platform-node',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: (config) => [
    service({ provides: Clock, create: () => new NodeClock() }),
    service({ provides: Random, create: () => new NodeRandom() }),
    service({ provides: Hashes, create: () => new NodeHashes() }),
    service({ provides: Disk, create: () => new NodeDisk() }),
    service({ provides: Secrets, needs: { disk: Disk }, create: ({ disk }) => new NodeSecrets(disk) }),
    service({ provides: Logger, create: () => createLogger(config.log) }),
  ],
});
