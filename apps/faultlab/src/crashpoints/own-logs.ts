import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { ManualClock, SeededRandom } from '@caisson/compliance';
import { Cipher, Clock, Disk, Hashes, Logger, RaftLogs, Random } from '@caisson/contracts';
import { NodeHashes } from '@caisson/platform-node';
import { Host } from '../cluster/host.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import type { TargetOptions } from './targets.js';

const quiet: Logger = { log: () => undefined, child: () => quiet };

/** Somebody's own logs, made anew for each process and disk; undefined where the plugins have none. */
export function ownLogs(plugins: OwnPlugins): NonNullable<TargetOptions['logs']> | undefined {
  if (!plugins.provides(RaftLogs.name)) return undefined;
  return (disk) => {
    const host = new Host({
      given: [
        [Clock, new ManualClock()],
        [Random, new SeededRandom(1)],
        [Hashes, new NodeHashes()],
        [Logger, quiet],
        [Disk, disk],
        [Cipher, [new AesGcmCipher()]],
      ],
      services: plugins.services().filter(({ provides }) => provides.key === RaftLogs.key),
      faults: { degraded: () => undefined, recovered: () => undefined, fatal: () => undefined },
      around: (_token, instance) => instance,
    });
    return host.get(RaftLogs);
  };
}
