import { resolve } from 'node:path';
import {
  Cipher,
  CONTRACTS_VERSION,
  definePlugin,
  Disk,
  Hashes,
  KekProvider,
  Random,
  service,
} from '@caisson/contracts';
import { z } from 'zod';
import { FileKek } from './file-kek.js';

const Config = z.strictObject({
  /** 32 raw bytes, mode 0600, outside the data directory. A relative path starts at the working directory. */
  path: z.string().min(1),
});

export const kekFile = definePlugin<z.output<typeof Config>>({
  id: 'kek-file',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: ({ path }) => [
    service({
      provides: KekProvider,
      needs: { disk: Disk, ciphers: Cipher, hashes: Hashes, random: Random },
      create: (parts) => new FileKek(resolve(path), parts),
      start: (kek) => kek.open(),
      stop: (kek) => kek.close(),
    }),
  ],
});
