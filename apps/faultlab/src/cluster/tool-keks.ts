import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { SeededRandom } from '@caisson/compliance';
import {
  Cipher,
  Clock,
  DataDirectory,
  Disk,
  Hashes,
  KekProvider,
  Logger,
  RaftLogs,
  RaftTransport,
  Random,
  UntrustedStores,
} from '@caisson/contracts';
import { NodeHashes } from '@caisson/platform-node';
import type { OwnPlugins } from '../composition/own-plugins.js';
import { Host } from './host.js';
import type { KeyServices } from './equipment.js';
import type { Machine } from './machine.js';

const OF_NODES = [UntrustedStores, RaftLogs, RaftTransport].map(({ key }) => key);
const quiet: Logger = { log: () => undefined, child: () => quiet };

export interface ToolParts {
  readonly keys: KeyServices;
  readonly plugins: OwnPlugins | undefined;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** The keys of a cluster as a tool reaches them on a machine where no node runs. */
export async function toolKeks(
  { directory, disk, name }: Machine,
  { clock, keys, plugins, random }: ToolParts,
): Promise<readonly KekProvider[]> {
  const own = plugins?.services().filter(({ provides }) => !OF_NODES.includes(provides.key)) ?? [];
  const others = plugins?.provides(KekProvider.name) === true ? keys.all.slice(1) : keys.all;
  if (plugins !== undefined) disk.provide(plugins.files.contents);
  const host = new Host({
    given: [
      [Clock, clock],
      [Random, random],
      [Hashes, new NodeHashes()],
      [Logger, quiet],
      [Disk, disk.platter],
      [DataDirectory, directory],
      [Cipher, [new AesGcmCipher()]],
      [KekProvider, others.map((service) => service.clientOf(name))],
    ],
    services: own,
    faults: { degraded: () => undefined, recovered: () => undefined, fatal: () => undefined },
    around: (token, made) => (token === KekProvider.name ? keys.around(made as KekProvider, name) : made),
  });
  await host.start();
  return host.all(KekProvider);
}
