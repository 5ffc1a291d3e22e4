import { resolve } from 'node:path';
import { z } from 'zod';
import { CONTRACTS_VERSION, DataDirectory, definePlugin, Disk, service } from '@caisson/contracts';
import { HeldDirectory } from './held-directory.js';

export const DEFAULT_PATH = '.caisson/data';

const Config = z.strictObject({ path: z.string().min(1).default(DEFAULT_PATH) }).prefault({});

/** Takes the directory of a node for this process and says who the node is. */
export const dataDirectory = definePlugin<z.output<typeof Config>>({
  id: 'data-directory',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: (config) => [
    service({
      provides: DataDirectory,
      needs: { disk: Disk },
      create: ({ disk }) => new HeldDirectory(disk, resolve(config.path)),
      start: (directory) => (directory as HeldDirectory).open(),
      stop: (directory) => (directory as HeldDirectory).close(),
    }),
  ],
});
