import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { describeKit, kekKit, type KekHarness } from '@caisson/compliance';
import type { Logger } from '@caisson/contracts';
import { NodeHashes, NodeRandom } from '@caisson/platform-node';
import { EnvKek } from './env-kek.js';

const logger: Logger = { log: () => undefined, child: () => logger };
const parts = { ciphers: [new AesGcmCipher()], hashes: new NodeHashes(), random: new NodeRandom(), logger };

function makeHarness(): KekHarness {
  const material = [new Uint8Array(32).fill(0x5c), new Uint8Array(32).fill(0x6d)];
  const [provider, foreign] = material.map((key) => {
    const kek = new EnvKek('KEK', { KEK: Buffer.from(key).toString('base64') }, parts);
    kek.open();
    return kek;
  });
  return { provider: provider!, foreign: foreign!, material };
}

const gone = 'the variable is read once and then removed';

describeKit(kekKit, makeHarness, { describe, it }, { lacks: { disable: gone, revocation: gone } });
