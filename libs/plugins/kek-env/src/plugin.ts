import {
  Cipher,
  CONTRACTS_VERSION,
  definePlugin,
  Hashes,
  KekProvider,
  Logger,
  Random,
  service,
} from '@caisson/contracts';
import { z } from 'zod';
import { EnvKek } from './env-kek.js';

const Config = z.strictObject({
  /** Name of the variable that holds 32 bytes in base64. */
  variable: z.string().min(1).default('CAISSON_KEK'),
});

export const kekEnv = definePlugin<z.output<typeof Config>>({
  id: 'kek-env',
  contracts: CONTRACTS_VERSION,
  config: Config,
  services: ({ variable }) => [
    service({
      provides: KekProvider,
      needs: { ciphers: Cipher, hashes: Hashes, random: Random, logger: Logger },
      create: (parts) => new EnvKek(variable, process.env, parts),
      start: (kek) => kek.open(),
      stop: (kek) => kek.close(),
    }),
  ],
});
