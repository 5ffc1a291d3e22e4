import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { SnappyCompressor } from '@caisson/compressor-snappy';
import { BackupKeys } from '@caisson/encryption';
import { FileKek } from '@caisson/kek-file';
import { NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';

/** What all that is done to backups outside of a node is done with. */
export interface OfflineParts {
  readonly disk: NodeDisk;
  readonly hashes: NodeHashes;
  readonly random: NodeRandom;
  readonly keys: BackupKeys;
}

export async function openOfflineParts(kekPaths: readonly string[]): Promise<OfflineParts> {
  const disk = new NodeDisk();
  const hashes = new NodeHashes();
  const random = new NodeRandom();
  const ciphers = [new AesGcmCipher()];
  const compressor = new SnappyCompressor();
  const keks: FileKek[] = [];
  for (const path of kekPaths) {
    const kek = new FileKek(path, { disk, hashes, random, ciphers });
    await kek.open();
    keks.push(kek);
  }
  return { disk, hashes, random, keys: new BackupKeys({ keks, ciphers, hashes, compressor }) };
}
