import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { describeKit, kekKit, type KekHarness } from '@caisson/compliance';
import { NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { FileKek } from './file-kek.js';

const parts = {
  disk: new NodeDisk(),
  ciphers: [new AesGcmCipher()],
  hashes: new NodeHashes(),
  random: new NodeRandom(),
};

async function makeHarness(): Promise<KekHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'kek-file-'));
  const material = [new Uint8Array(32).fill(0x5c), new Uint8Array(32).fill(0x6d)];
  const keks = material.map((key, at) => {
    const path = join(folder, `kek-${at}`);
    writeFileSync(path, key, { mode: 0o600 });
    return new FileKek(path, parts);
  });
  for (const kek of keks) await kek.open();
  const dispose = async () => {
    for (const kek of keks) kek.close();
    rmSync(folder, { recursive: true });
  };
  const disable = () => rmSync(join(folder, 'kek-0'));
  return { provider: keks[0]!, foreign: keks[1]!, disable, heldUntilStop: true, material, dispose };
}

describeKit(
  kekKit,
  makeHarness,
  { describe, it },
  { lacks: { revocation: 'the file is read once, at the start' } },
);
