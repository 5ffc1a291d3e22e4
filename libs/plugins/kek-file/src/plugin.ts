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

const Path = z.string().min(1);

const Config = z.strictObject({
  /**
   * 32 raw bytes, mode 0600, outside the data directory. A relative path starts at the working directory.
   *
   * A list names several keys, any of which opens the node: the old and the new one while a key is replaced,
   * or one more that is kept elsewhere.
   */
  path: z.union([Path, z.array(Path).min(1).max(16)]),
});

export const kekFile = definePlugin<z.output<typeof Config>>({
  id: 'kek-file',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: ({ path }) =>
    [path].flat().map((file) =>
      service({
        provides: KekProvider,
        needs: { disk: Disk, ciphers: Cipher, hashes: Hashes, random: Random },
        create: (parts) => new FileKek(resolve(file), parts),
        start: (kek) => kek.open(),
        stop: (kek) => kek.close(),
      }),
    ),
});
